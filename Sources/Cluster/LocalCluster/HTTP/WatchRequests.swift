import HTTPTypes
import Hummingbird
import KubernetesModel
import NIOCore

/// Answers watches: a stream of lines until the client goes, the time is up, or the watcher falls too far behind.
struct WatchRequests: Sendable {
    var host: ClusterHost

    private struct Parameters: Sendable {
        var selection: Selection
        /// `nil`: begin with the present objects.
        var revision: UInt64?
        var wantsBookmarks: Bool
        /// Mark the end of the present objects with a bookmark.
        var marksInitialEnd: Bool
        var timeoutSeconds: Int64
    }

    func watch(_ request: ResourceRequest, raw: Request) throws(APIFailure) -> Response {
        let parameters = try parameters(request)
        let presentation = try request.presentation()
        let host = host
        var headers = HTTPFields()
        headers[.contentType] = presentation.contentType
        headers[.cacheControl] = "no-cache, private"
        let key = request.resource.storageKey
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                let watch: ClusterHost.Watch
                do throws(APIFailure) {
                    watch = try host.watch(
                        key, selection: parameters.selection, after: parameters.revision,
                        wantsBookmarks: parameters.wantsBookmarks, timeoutSeconds: parameters.timeoutSeconds)
                } catch {
                    // As the real one: the refusal is an event, because the answer has begun.
                    try await writer.write(
                        WatchEvent.line(.error, ByteBuffer(bytes: error.status.serialized())))
                    try await writer.finish(nil)
                    return
                }
                defer { host.endWatch(watch.identifier) }
                let lines = WatchLines(presentation: presentation, resource: request.resource.resource, host: host)
                try await raw.body.consumeWithCancellationOnInboundClose { _ in
                    try await Self.stream(watch, parameters, lines, to: &writer)
                }
                try await writer.finish(nil)
            })
    }

    @concurrent
    private static func stream(
        _ watch: ClusterHost.Watch, _ parameters: Parameters, _ lines: WatchLines,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        for batch in watch.initial.chunks(of: 256) {
            var buffer = ByteBuffer()
            for event in batch { buffer.writeImmutableBuffer(lines.line(event)) }
            try await writer.write(buffer)
        }
        if parameters.marksInitialEnd {
            try await writer.write(lines.bookmark(watch.revision, endsInitialEvents: true))
        }
        for await signal in watch.signals {
            switch signal {
            case .event(let event): try await writer.write(lines.line(event))
            case .bookmark(let revision):
                try await writer.write(lines.bookmark(revision, endsInitialEvents: false))
            }
        }
    }

    private func parameters(_ request: ResourceRequest) throws(APIFailure) -> Parameters {
        let text = request.target["resourceVersion"]
        var revision: UInt64?
        if let text, text != "0" {
            guard let number = UInt64(text) else { throw .badRequest("invalid resource version \"\(text)\"") }
            revision = number
        }
        let wantsBookmarks = try request.target.flag("allowWatchBookmarks")
        let sendsInitial = try sendsInitialEvents(request)
        if sendsInitial == true { revision = nil }
        // Asked not to send the present objects, a watch without a revision begins now.
        if sendsInitial == false, revision == nil { revision = host.read { $0.store.revision } }
        let seconds = try request.target.integer("timeoutSeconds") ?? Int64.random(in: 1800...3600)
        return Parameters(
            selection: try request.selection(), revision: revision, wantsBookmarks: wantsBookmarks,
            marksInitialEnd: sendsInitial == true && wantsBookmarks, timeoutSeconds: min(max(seconds, 1), 86_400))
    }

    /// `sendInitialEvents`, which goes only with `resourceVersionMatch=NotOlderThan` (KEP-3157).
    private func sendsInitialEvents(_ request: ResourceRequest) throws(APIFailure) -> Bool? {
        let match = request.target["resourceVersionMatch"]
        guard request.target["sendInitialEvents"] != nil else {
            guard match == nil else {
                throw Self.invalid(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is "
                        + "provided")
            }
            return nil
        }
        guard match == "NotOlderThan" else {
            throw Self.invalid(
                "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
        return try request.target.flag("sendInitialEvents")
    }

    private static func invalid(_ field: String, _ detail: String) -> APIFailure {
        .invalid(
            ResourceKind(group: "meta.k8s.io", version: "v1", kind: "ListOptions", plural: "listoptions"), name: "",
            [FieldError(.forbidden, field: field, detail: detail)])
    }
}

/// Makes the lines of one watch.
private struct WatchLines: Sendable {
    var presentation: Presentation
    var resource: ResourceKind
    var host: ClusterHost

    func line(_ event: WatchEvent) -> ByteBuffer { presentation.watchLine(event, now: host.now) }

    func bookmark(_ revision: UInt64, endsInitialEvents: Bool) -> ByteBuffer {
        var metadata: JSONValue = ["resourceVersion": .string(String(revision)), "creationTimestamp": nil]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        let object: JSONValue =
            switch presentation.representation {
            case .object:
                [
                    "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion), "metadata": metadata,
                ]
            case .table(let version):
                [
                    "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
                    "columnDefinitions": nil, "rows": [],
                ]
            case .metadata(let version):
                [
                    "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
                    "metadata": metadata,
                ]
            }
        return WatchEvent.line(.bookmark, ByteBuffer(bytes: object.serialized()))
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
