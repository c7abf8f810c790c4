import Foundation
package import KubernetesModel
package import Logging

/// Talks to one API server. Cheap to share; `shutdown()` must be called before it goes.
package final class KubernetesClient: Sendable {
    package struct Configuration: Sendable {
        /// For connecting and for the head of an answer; also the longest silence within an answer's body.
        package var callTimeout: Duration = .seconds(30)
        /// The longest silence on a watch. Above the interval of bookmarks, which is at most 75 seconds.
        package var watchIdleTimeout: Duration = .seconds(150)
        /// After so long the server is asked to end a watch in good order; each watch takes up to twice this.
        package var watchLifetime: Duration = .seconds(300)
        /// Bytes of one watch event. An object is at most 3 MiB in etcd.
        package var maximumWatchLine = 16 << 20
        /// Bytes of one answer.
        package var maximumResponse = 256 << 20
        package var userAgent = "fairway"

        package init() {}
    }

    package let connection: ClusterConnection
    private let configuration: Configuration
    private let transport: APITransport

    /// Reads the credentials, so that a missing or broken file is known here. Sends nothing yet.
    package init(
        connection: ClusterConnection, configuration: Configuration = Configuration(), logger: Logger
    ) throws(KubernetesError) {
        self.connection = connection
        self.configuration = configuration
        transport = try APITransport(connection: connection, configuration: configuration, logger: logger)
    }

    package func shutdown() async { await transport.shutdown() }

    // MARK: Reading

    package func get<O: KubernetesObject>(_ type: O.Type, _ name: ObjectName) async throws(KubernetesError) -> O {
        try await decode(O.self, request(O.resource, name, "get"))
    }

    package func get(_ kind: ResourceKind, _ name: ObjectName) async throws(KubernetesError) -> JSONValue {
        try await parse(request(kind, name, "get"))
    }

    /// One page. `page.continue` asks for the next.
    package func list<O: KubernetesObject>(
        _ type: O.Type, _ selection: Selection = Selection(), page: Page = Page()
    ) async throws(KubernetesError) -> ObjectList<O> {
        var request = collection(O.resource, selection, "list")
        if let limit = page.limit { request.query.append(("limit", String(limit))) }
        if let token = page.continue { request.query.append(("continue", token)) }
        return try await decode(ObjectList<O>.self, request)
    }

    /// Every object, page by page.
    package func list(
        _ kind: ResourceKind, _ selection: Selection = Selection()
    ) async throws(KubernetesError) -> [JSONValue] {
        var items: [JSONValue] = []
        var token: String?
        repeat {
            var request = collection(kind, selection, "list")
            request.query.append(("limit", "500"))
            if let token { request.query.append(("continue", token)) }
            let page = try await parse(request)
            items += page["items"]?.array ?? []
            token = page[path: "metadata", "continue"]?.string
        } while token?.isEmpty == false
        return items
    }

    /// Follows changes after `resourceVersion`. Returns when the server has accepted the watch.
    package func watch<O: KubernetesObject>(
        _ type: O.Type, _ selection: Selection = Selection(), resourceVersion: String
    ) async throws(KubernetesError) -> Watch<O> {
        let lifetime = configuration.watchLifetime.components.seconds
        var request = collection(O.resource, selection, "watch")
        request.query += [
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
            // Spread, so that many watches do not end at once.
            ("timeoutSeconds", String(Int64.random(in: lifetime...lifetime * 2))),
        ]
        let response = try await transport.open(request)
        return Watch(
            response: response, request: request, transport: transport, maximumLine: configuration.maximumWatchLine)
    }

    // MARK: Writing

    package func create<O: KubernetesObject>(_ object: O) async throws(KubernetesError) -> O {
        var request = request(O.resource, object.objectName, "create")
        request.method = "POST"
        request.path = O.resource.path(namespace: namespace(object.objectName, O.resource))
        request.body = try encode(Typed(object: object), request)
        return try await decode(O.self, request)
    }

    /// `.conflict` when the object has changed since `object.metadata.resourceVersion`.
    package func replace<O: KubernetesObject>(
        _ object: O, subresource: String? = nil
    ) async throws(KubernetesError) -> O {
        var request = request(O.resource, object.objectName, "update", subresource)
        request.method = "PUT"
        request.body = try encode(Typed(object: object), request)
        return try await decode(O.self, request)
    }

    /// The same for an object of a kind that we know by its name alone.
    @discardableResult
    package func create(_ object: JSONValue, as kind: ResourceKind) async throws(KubernetesError) -> JSONValue {
        let name = ObjectName(
            namespace: object[path: "metadata", "namespace"]?.string ?? "",
            name: object[path: "metadata", "name"]?.string ?? "")
        var request = request(kind, name, "create")
        request.method = "POST"
        request.path = kind.path(namespace: namespace(name, kind))
        request.body = try encode(object, request)
        return try await parse(request)
    }

    /// Deletes, and says nothing where the object is already gone.
    /// - Parameters:
    ///   - gracePeriodSeconds: a pod's time to stop; `nil` means as long as the pod asks for.
    ///   - uid: a `.conflict` where the object of that name is another one by now.
    package func delete(
        _ kind: ResourceKind, _ name: ObjectName, gracePeriodSeconds: Int64? = nil, uid: String? = nil
    ) async throws(KubernetesError) {
        var request = request(kind, name, "delete")
        request.method = "DELETE"
        var options: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions"]
        options["gracePeriodSeconds"] = gracePeriodSeconds.map(JSONValue.integer)
        if let uid { options["preconditions"] = ["uid": .string(uid)] }
        if gracePeriodSeconds != nil || uid != nil { request.body = try encode(options, request) }
        do {
            _ = try await transport.call(request)
        } catch  where error.isNotFound {
            return
        }
    }

    @discardableResult
    package func patch(
        _ kind: ResourceKind, _ name: ObjectName, _ body: JSONValue, type: PatchType, subresource: String? = nil
    ) async throws(KubernetesError) -> JSONValue {
        var request = request(kind, name, "patch", subresource)
        request.method = "PATCH"
        request.contentType = type.rawValue
        request.body = try encode(body, request)
        return try await parse(request)
    }

    /// Server-side apply: the object becomes as `object` says in the fields it names, and those are ours from then on.
    /// `object` needs `apiVersion`, `kind` and `metadata.name`, and must not carry `managedFields`. Without `force`, a
    /// field that another manager owns with another value is a `.conflict`.
    @discardableResult
    package func apply(
        _ object: JSONValue, as kind: ResourceKind, fieldManager: String, force: Bool, subresource: String? = nil
    ) async throws(KubernetesError) -> JSONValue {
        guard let text = object[path: "metadata", "name"]?.string, !text.isEmpty else {
            throw KubernetesError(
                .invalid, operation: "apply", subject: "\(kind)", message: "metadata.name is missing")
        }
        let name = ObjectName(namespace: object[path: "metadata", "namespace"]?.string ?? "", name: text)
        var request = request(kind, name, "apply", subresource)
        request.method = "PATCH"
        request.contentType = PatchType.apply.rawValue
        request.query = [("fieldManager", fieldManager), ("force", force ? "true" : "false")]
        request.body = try encode(object, request)
        return try await parse(request)
    }

    /// Any request: for what has no verb here. `path` begins with a slash and holds its query.
    package func raw(
        _ method: String, _ path: String, body: JSONValue? = nil, contentType: String? = nil
    ) async throws(KubernetesError) -> JSONValue {
        var request = APIRequest(method: method, path: path, operation: method.lowercased(), subject: path)
        request.contentType = contentType
        if let body { request.body = try encode(body, request) }
        return try await parse(request)
    }
}

extension KubernetesClient {
    private func namespace(_ name: ObjectName, _ kind: ResourceKind) -> String {
        kind.isNamespaced && name.namespace.isEmpty ? connection.namespace : name.namespace
    }

    private func request(
        _ kind: ResourceKind, _ name: ObjectName, _ operation: String, _ subresource: String? = nil
    ) -> APIRequest {
        APIRequest(
            path: kind.path(namespace: namespace(name, kind), name: name.name, subresource: subresource),
            operation: operation, subject: "\(kind) \(name)" + (subresource.map { " (\($0))" } ?? ""))
    }

    private func collection(_ kind: ResourceKind, _ selection: Selection, _ operation: String) -> APIRequest {
        var request = APIRequest(
            path: kind.path(namespace: selection.namespace), operation: operation,
            subject: selection.namespace.map { "\(kind) in \($0)" } ?? "\(kind)")
        if let labels = selection.labels { request.query.append(("labelSelector", labels)) }
        if let fields = selection.fields { request.query.append(("fieldSelector", fields)) }
        return request
    }

    private func encode(_ value: some Encodable, _ request: APIRequest) throws(KubernetesError) -> Data {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return try encoder.encode(value)
        } catch {
            throw KubernetesError(
                .invalid, operation: request.operation, subject: request.subject,
                message: "cannot be encoded: \(error)",
                cause: error)
        }
    }

    private func decode<Value: Decodable>(
        _ type: Value.Type, _ request: APIRequest
    ) async throws(KubernetesError) -> Value {
        let body = try await transport.call(request)
        do {
            return try JSONDecoder().decode(Value.self, from: body)
        } catch {
            throw KubernetesError(
                .undecodable, operation: request.operation, subject: request.subject,
                message: "the answer is malformed: \(DecodingFailure.reason(error))", cause: error)
        }
    }

    /// A tenth of what `JSONDecoder` takes for a value of no particular type.
    private func parse(_ request: APIRequest) async throws(KubernetesError) -> JSONValue {
        let body = try await transport.call(request)
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw KubernetesError(
                .undecodable, operation: request.operation, subject: request.subject,
                message: "the answer is malformed: \(error)", cause: error)
        }
    }
}
