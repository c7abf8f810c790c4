import HTTPTypes
import Hummingbird
import KubernetesModel
import Logging
import NIOCore

/// The way from an HTTP request to what answers it.
struct APIResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let host: ClusterHost
    let token: BearerToken
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        do {
            return try await answer(request)
        } catch let failure as APIFailure {
            return Answer.failure(failure)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.debug("a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return Answer.failure(.internalError("the request could not be read: \(error)"))
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        guard let target = RequestTarget(request.head.path ?? "/") else {
            throw APIFailure.badRequest("the request's path is not percent-encoded UTF-8")
        }
        if ["healthz", "livez", "readyz"].contains(target.path.first) { return Answer.text("ok") }
        guard token.isCarried(by: request.headers) else {
            throw APIFailure(code: 401, reason: "Unauthorized", message: "Unauthorized")
        }
        if let location = target.resource {
            return try await answer(request, target: target, location: location)
        }
        guard request.method == .get else { throw ResourceRequests.methodNotAllowed }
        return try await document(target, accept: request.headers[.accept])
    }

    // MARK: - Objects

    private func answer(
        _ request: Request, target: RequestTarget, location: RequestTarget.Resource
    ) async throws -> Response {
        let resourceRequest = try resourceRequest(request, target: target, location: location)
        let requests = ResourceRequests(host: host)
        switch request.method {
        case .get:
            if try target.flag("watch") {
                return try WatchRequests(host: host).watch(resourceRequest, raw: request)
            }
            return location.name == nil ? try requests.list(resourceRequest) : try requests.get(resourceRequest)
        case .post where resourceRequest.resource.isReview: return try await review(request)
        case .post, .put, .patch:
            let body = try await body(of: request)
            return switch request.method {
            case .post: try requests.create(resourceRequest, body: body)
            case .put: try requests.update(resourceRequest, body: body)
            default: try requests.patch(resourceRequest, body: body)
            }
        case .delete:
            let buffer = try await BodyReader.bytes(of: request)
            let body =
                buffer.readableBytes == 0
                ? nil : try BodyReader.document(buffer, contentType: request.headers[.contentType])
            return try requests.delete(resourceRequest, body: body)
        default: throw ResourceRequests.methodNotAllowed
        }
    }

    /// There is no RBAC: whoever has the token may do everything, whatever the question was.
    private func review(_ request: Request) async throws -> Response {
        _ = try await BodyReader.bytes(of: request)
        return Answer.json(
            [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": [:],
                "status": ["allowed": true],
            ], status: .created)
    }

    private func body(of request: Request) async throws -> JSONValue {
        let buffer = try await BodyReader.bytes(of: request)
        return try BodyReader.document(buffer, contentType: request.headers[.contentType])
    }

    private func resourceRequest(
        _ request: Request, target: RequestTarget, location: RequestTarget.Resource
    ) throws(APIFailure) -> ResourceRequest {
        let found = host.read { state -> (APIResource, String?)? in
            guard
                let resource = state.registry[
                    group: location.group, version: location.version, plural: location.plural]
            else { return nil }
            let stored = resource.isCustom ? state.registry[key: resource.storageKey]?.resource.apiVersion : nil
            return (resource, stored)
        }
        guard let (resource, storedVersion) = found else { throw Self.noSuchPath }
        let subresource: Subresource
        switch location.subresource {
        case nil: subresource = .none
        case "status" where resource.hasStatus: subresource = .status
        case "scale" where ScaleObject.scale(of: resource) != nil: subresource = .scale
        case "finalize" where resource.storageKey == Keys.namespaces: subresource = .finalize
        default: throw Self.noSuchPath
        }
        return ResourceRequest(
            target: target, location: location, resource: resource, subresource: subresource,
            accept: request.headers[.accept], contentType: request.headers[.contentType],
            userAgent: request.headers[.userAgent], storedVersion: storedVersion)
    }

    private static let noSuchPath = APIFailure(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")

    // MARK: - Documents about the server

    private func document(_ target: RequestTarget, accept: String?) async throws -> Response {
        let registry = host.read { $0.registry }
        let discovery = Discovery(registry)
        let path = target.path
        let value: JSONValue?
        switch path.first {
        case "version" where path.count == 1: value = ServerVersion.document
        case "api" where path.count == 1, "apis" where path.count == 1:
            let isCore = path[0] == "api"
            if Discovery.wantsAggregated(accept) {
                return Answer.json(
                    ByteBuffer(bytes: discovery.aggregated(isCore: isCore).serialized()),
                    contentType: Discovery.aggregatedType)
            }
            value = isCore ? discovery.coreVersions() : discovery.groupList()
        case "api" where path.count == 2: value = discovery.resourceList(group: "", version: path[1])
        case "apis" where path.count == 2: value = discovery.group(path[1])
        case "apis" where path.count == 3: value = discovery.resourceList(group: path[1], version: path[2])
        case "openapi" where path.count > 1: return try openAPI(path, registry: registry)
        case nil: value = ["paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]]
        default: value = nil
        }
        guard let value else { throw Self.noSuchPath }
        return Answer.json(value)
    }

    private func openAPI(_ path: [String], registry: KindRegistry) throws(APIFailure) -> Response {
        switch path[1] {
        case "v2":
            // An empty v2 document, in the protobuf form that kubectl insists on: field 1, swagger "2.0". It tells
            // kubectl to leave validation to the server.
            return Answer.json(
                ByteBuffer(bytes: [0x0a, 0x03] + Array("2.0".utf8)),
                contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
        case "v3" where path.count == 2: return Answer.json(OpenAPI(registry: registry).index())
        case "v3":
            guard let document = OpenAPI(registry: registry).document(path: path[2...].joined(separator: "/")) else {
                throw Self.noSuchPath
            }
            return Answer.json(document)
        default: throw Self.noSuchPath
        }
    }
}

/// What `kubectl version` shows. The numbers are those of the API that is spoken.
enum ServerVersion {
    static let document: JSONValue = [
        "major": "1", "minor": "37", "gitVersion": "v1.37.0+fairway-local", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swift", "platform": "linux",
        "emulationMajor": "1", "emulationMinor": "37", "minCompatibilityMajor": "1", "minCompatibilityMinor": "36",
    ]
}
