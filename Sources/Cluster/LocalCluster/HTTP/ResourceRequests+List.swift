import Hummingbird
import KubernetesModel

extension ResourceRequests {
    /// A list, whole or in pages. `resourceVersion` is never in the future here and reads are always current, so only
    /// `Exact` and `continue` look back.
    func list(_ request: ResourceRequest) throws(APIFailure) -> Response {
        let selection = try request.selection()
        let presentation = try request.presentation()
        let limit = try request.target.integer("limit").map { Int(clamping: $0) } ?? 0
        let token = try request.target["continue"].map { text throws(APIFailure) in try ContinueToken(parsing: text) }
        let revision = try wantedRevision(request, token: token)
        let key = request.resource.storageKey
        let (objects, current) = try host.read { state throws(APIFailure) -> ([StoredObject], UInt64) in
            let collection = state.store.collection(key)
            guard let revision, revision != state.store.revision else {
                return (collection.list(namespace: selection.namespace), state.store.revision)
            }
            guard revision < state.store.revision else {
                throw Self.tooLarge(revision, current: state.store.revision)
            }
            guard let past = collection.list(namespace: selection.namespace, at: revision) else {
                throw .expired(
                    "The provided continue parameter or resource version is too old to display a consistent list "
                        + "result. You can start a new list without the continue parameter.")
            }
            return (past, revision)
        }
        var selected = objects.filter(selection.contains)
        if let token { selected = selected.filter { token.last < $0.name } }
        var metadata: JSONValue = ["resourceVersion": .string(String(current))]
        if limit > 0, selected.count > limit {
            let page = Array(selected.prefix(limit))
            if let last = page.last {
                metadata["continue"] = .string(ContinueToken(revision: current, last: last.name).text)
            }
            // As the real one, only told when no selector makes it a guess.
            if selection.labels.isEmpty, selection.fields.isEmpty {
                metadata["remainingItemCount"] = .integer(Int64(selected.count - limit))
            }
            selected = page
        }
        return Answer.json(
            presentation.list(selected, metadata: metadata, now: host.now), contentType: presentation.contentType)
    }

    /// The revision to look back to; `nil` for now.
    private func wantedRevision(
        _ request: ResourceRequest, token: ContinueToken?
    ) throws(APIFailure) -> UInt64? {
        let text = request.target["resourceVersion"]
        let match = request.target["resourceVersionMatch"]
        if let token {
            guard text == nil || text == "0" else {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            return token.revision
        }
        guard let text else {
            if match != nil {
                throw .badRequest("resourceVersionMatch is forbidden unless resourceVersion is provided")
            }
            return nil
        }
        guard let revision = UInt64(text) else {
            throw .badRequest("invalid resource version \"\(text)\"")
        }
        switch match {
        case "Exact":
            guard revision > 0 else { throw .badRequest("resourceVersionMatch \"Exact\" is forbidden for \"0\"") }
            return revision
        case nil, "NotOlderThan":
            let current = host.read { $0.store.revision }
            if revision > current { throw Self.tooLarge(revision, current: current) }
            return nil
        case let other?:
            throw .badRequest("resourceVersionMatch \(other) is neither Exact nor NotOlderThan")
        }
    }

    private static func tooLarge(_ revision: UInt64, current: UInt64) -> APIFailure {
        APIFailure(
            code: 504, reason: "Timeout", message: "Too large resource version: \(revision), current: \(current)",
            details: APIFailure.Details(
                causes: [
                    APIFailure.Cause(
                        reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")
                ], retryAfterSeconds: 1))
    }
}
