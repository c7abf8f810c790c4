import KubernetesModel
import PolicyDefinitions

extension ClusterHost {
    /// Makes the definitions of Fairway's own kinds what this version of Fairway says they are. Applied as any client
    /// would, so that a definition that did not change is not written again; what others set in ours is taken back.
    func definePolicies() throws(APIFailure) {
        let options = WriteOptions(manager: "fairway-local", force: true, now: now)
        for definition in PolicyDefinitions.all {
            let name = ObjectName(name: definition[path: "metadata", "name"]?.string ?? "")
            _ = try write { state throws(APIFailure) in
                guard let resource = state.registry[key: Keys.definitions] else {
                    throw .internalError("definitions are not served")
                }
                return try state.patch(
                    resource, name: name, subresource: .none, kind: .apply, patch: definition, options: options)
            }
        }
    }
}
