import HTTPTypes
import Hummingbird
import KubernetesModel
import NIOCore

/// One request about objects: its target, the kind behind it, and what the client said about itself.
struct ResourceRequest: Sendable {
    var target: RequestTarget
    var location: RequestTarget.Resource
    var resource: APIResource
    var subresource: Subresource
    var accept: String?
    var contentType: String?
    var userAgent: String?
    /// The version in which a custom resource is stored.
    var storedVersion: String?

    var namespace: String { location.namespace ?? "" }

    func objectName() throws(APIFailure) -> ObjectName {
        guard let name = location.name else { throw .badRequest("the path names no object") }
        guard !resource.resource.isNamespaced || location.namespace != nil else {
            throw .notFound(resource.resource, name: name)
        }
        return ObjectName(namespace: resource.resource.isNamespaced ? namespace : "", name: name)
    }

    func presentation() throws(APIFailure) -> Presentation {
        guard let representation = Representation(accept: accept) else {
            throw APIFailure(
                code: 406, reason: "NotAcceptable",
                message: "only the following media types are accepted: application/json, and its table and metadata "
                    + "forms")
        }
        return Presentation(
            resource: resource, representation: representation, includeObject: target["includeObject"] ?? "Metadata",
            storedVersion: storedVersion)
    }

    func selection() throws(APIFailure) -> Selection {
        var selection = Selection(namespace: resource.resource.isNamespaced ? location.namespace : nil)
        if let labels = target["labelSelector"] { selection.labels = try LabelRequirements(parsing: labels) }
        if let fields = target["fieldSelector"] {
            selection.fields = try FieldRequirements(parsing: fields, for: resource)
        }
        if let name = location.name {
            selection.fields.requirements.append(.init(path: "metadata.name", value: name, isNegated: false))
        }
        return selection
    }

    func writeOptions(now: Timestamp) throws(APIFailure) -> WriteOptions {
        var options = WriteOptions(now: now)
        options.isDryRun = try isDryRun()
        options.force = try target.flag("force")
        if let text = target["fieldValidation"] {
            guard let validation = WriteOptions.FieldValidation(rawValue: text) else {
                throw .badRequest("fieldValidation=\(text) is none of Ignore, Warn, Strict")
            }
            options.fieldValidation = validation
        }
        options.manager = target["fieldManager"] ?? userAgent?.split(separator: "/").first.map(String.init) ?? "unknown"
        guard options.manager.utf8.count <= 128 else {
            throw .badRequest("the field manager's name is longer than 128 bytes")
        }
        return options
    }

    func isDryRun() throws(APIFailure) -> Bool {
        switch target["dryRun"] {
        case nil: return false
        case "All": return true
        case let text?: throw .badRequest("dryRun=\(text) is not supported: only All is")
        }
    }
}

/// Carries out requests about objects, but for watches.
struct ResourceRequests: Sendable {
    var host: ClusterHost

    func get(_ request: ResourceRequest) throws(APIFailure) -> Response {
        let name = try request.objectName()
        let key = request.resource.storageKey
        let presentation = try request.presentation()
        guard let object = host.read({ $0.store[key, name] }) else {
            throw .notFound(request.resource.resource, name: name.name)
        }
        if request.subresource == .scale {
            return Answer.json(try ScaleObject.read(object.value, resource: request.resource))
        }
        return Answer.json(
            presentation.single(object, now: host.now), contentType: presentation.contentType)
    }

    func create(_ request: ResourceRequest, body: JSONValue) throws(APIFailure) -> Response {
        guard request.subresource == .none, request.location.name == nil else {
            throw ResourceRequests.methodNotAllowed
        }
        let options = try request.writeOptions(now: host.now)
        let presentation = try request.presentation()
        let write = try host.write(isDryRun: options.isDryRun) { state throws(APIFailure) in
            try state.create(
                request.resource, namespace: request.location.namespace ?? "default", body: body, options: options)
        }
        return answer(write, presentation, status: .created)
    }

    func update(_ request: ResourceRequest, body: JSONValue) throws(APIFailure) -> Response {
        let name = try request.objectName()
        let options = try request.writeOptions(now: host.now)
        let presentation = try request.presentation()
        let write = try host.write(isDryRun: options.isDryRun) { state throws(APIFailure) in
            if request.subresource == .scale {
                return try state.rescale(request.resource, name: name, to: body, options: options)
            }
            return try state.update(
                request.resource, name: name, subresource: request.subresource, body: body, options: options)
        }
        if request.subresource == .scale {
            return Answer.json(try ScaleObject.read(write.object.value, resource: request.resource))
        }
        return answer(write, presentation, status: .ok)
    }

    func patch(_ request: ResourceRequest, body: JSONValue) throws(APIFailure) -> Response {
        let name = try request.objectName()
        let kind = try Self.patchKind(request.contentType)
        var options = try request.writeOptions(now: host.now)
        if kind == .apply {
            guard let manager = request.target["fieldManager"] else {
                throw .invalid(
                    ResourceKind(group: "meta.k8s.io", version: "v1", kind: "PatchOptions", plural: "patchoptions"),
                    name: "",
                    [FieldError(.required, field: "fieldManager", detail: "is required for apply patch")])
            }
            options.manager = manager
        }
        let presentation = try request.presentation()
        let write = try host.write(isDryRun: options.isDryRun) { state throws(APIFailure) in
            if request.subresource == .scale {
                return try state.rescale(request.resource, name: name, patch: body, kind: kind, options: options)
            }
            return try state.patch(
                request.resource, name: name, subresource: request.subresource, kind: kind, patch: body,
                options: options)
        }
        if request.subresource == .scale {
            return Answer.json(try ScaleObject.read(write.object.value, resource: request.resource))
        }
        return answer(write, presentation, status: write.isCreation ? .created : .ok)
    }

    private func answer(
        _ write: PlannedWrite, _ presentation: Presentation, status: HTTPResponse.Status
    ) -> Response {
        Answer.json(
            presentation.single(write.object, now: host.now), status: status,
            contentType: presentation.contentType, warnings: write.warnings)
    }

    static func patchKind(_ contentType: String?) throws(APIFailure) -> PatchKind {
        switch MediaRange.list(contentType ?? "").first?.type {
        case "application/json-patch+json": return .json
        case "application/merge-patch+json": return .merge
        case "application/strategic-merge-patch+json": return .strategicMerge
        case "application/apply-patch+yaml": return .apply
        default:
            throw APIFailure(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: "
                    + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, "
                    + "application/strategic-merge-patch+json")
        }
    }

    static let methodNotAllowed = APIFailure(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource")
}
