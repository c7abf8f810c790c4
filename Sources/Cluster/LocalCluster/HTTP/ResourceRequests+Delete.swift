import HTTPTypes
import Hummingbird
import KubernetesModel

extension ResourceRequests {
    func delete(_ request: ResourceRequest, body: JSONValue?) throws(APIFailure) -> Response {
        guard request.subresource == .none else { throw ResourceRequests.methodNotAllowed }
        let options = try deleteOptions(request, body: body)
        guard request.location.name != nil else { return try deleteCollection(request, options: options) }
        let name = try request.objectName()
        let presentation = try request.presentation()
        let write = try host.write(isDryRun: options.isDryRun) { state throws(APIFailure) in
            try state.delete(request.resource, name: name, options: options)
        }
        guard write.isRemoval else {
            return Answer.json(
                presentation.single(write.object, now: host.now), contentType: presentation.contentType)
        }
        var details: JSONValue = [
            "name": .string(name.name), "kind": .string(request.resource.resource.plural),
            "uid": .string(write.object.uid),
        ]
        if !request.location.group.isEmpty { details["group"] = .string(request.location.group) }
        return Answer.json([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
        ])
    }

    /// Deletes what the selectors choose, one object after the other, as the API server does.
    private func deleteCollection(
        _ request: ResourceRequest, options: DeleteOptions
    ) throws(APIFailure) -> Response {
        let selection = try request.selection()
        let presentation = try request.presentation()
        let key = request.resource.storageKey
        let (objects, revision) = host.read { state in
            (state.store.list(key, namespace: selection.namespace).filter(selection.contains), state.store.revision)
        }
        for object in objects {
            do throws(APIFailure) {
                _ = try host.write(isDryRun: options.isDryRun) { state throws(APIFailure) in
                    try state.delete(request.resource, name: object.name, options: options)
                }
            } catch {
                // Somebody else was faster.
                guard error.reason == "NotFound" else { throw error }
            }
        }
        return Answer.json(
            presentation.list(
                objects, metadata: ["resourceVersion": .string(String(revision))], now: host.now),
            contentType: presentation.contentType)
    }

    private func deleteOptions(_ request: ResourceRequest, body: JSONValue?) throws(APIFailure) -> DeleteOptions {
        var options = DeleteOptions(now: host.now)
        options.isDryRun = try request.isDryRun()
        options.gracePeriodSeconds = try request.target.integer("gracePeriodSeconds")
        var propagation = request.target["propagationPolicy"]
        if let body, case .object = body {
            if let all = body["dryRun"]?.array, !all.isEmpty { options.isDryRun = true }
            options.gracePeriodSeconds = body["gracePeriodSeconds"]?.integer ?? options.gracePeriodSeconds
            propagation = body["propagationPolicy"]?.string ?? propagation
            options.uid = body["preconditions"]?["uid"]?.string
            options.resourceVersion = body["preconditions"]?["resourceVersion"]?.string
            if body["orphanDependents"]?.bool == true { propagation = "Orphan" }
        }
        if let grace = options.gracePeriodSeconds, grace < 0 { options.gracePeriodSeconds = 1 }
        if let propagation {
            guard let known = DeleteOptions.Propagation(rawValue: propagation) else {
                throw .badRequest("propagationPolicy \(propagation) is none of Background, Foreground, Orphan")
            }
            options.propagation = known
        }
        return options
    }
}
