import KubernetesModel

/// Namespaces: each has a default service account, and takes its contents with it.
extension ClusterState {
    mutating func namespaceTerminating(_ name: String) {
        for key in registry.storageKeys where registry[key: key]?.resource.isNamespaced == true {
            for object in store.list(key, namespace: name) {
                tasks.add(.evict(ObjectStore.Reference(key: key, name: object.name)))
            }
        }
        tasks.add(.finishNamespace(name))
    }

    /// Lets go of a terminating namespace once nothing is left in it.
    mutating func finishNamespace(_ name: String, now: Timestamp) throws(APIFailure) -> PlannedWrite? {
        let reference = ObjectStore.Reference(key: Keys.namespaces, name: ObjectName(name: name))
        guard store[reference.key, reference.name]?.isTerminating == true else { return nil }
        let remaining = registry.storageKeys.filter {
            registry[key: $0]?.resource.isNamespaced == true && !store.list($0, namespace: name).isEmpty
        }
        guard remaining.isEmpty else { return nil }
        return rewrite(reference) { namespace in
            let finalizers = namespace["spec"]?["finalizers"]?.array ?? []
            namespace["spec"]?["finalizers"] = .array(finalizers.filter { $0 != "kubernetes" })
        }
    }

    mutating func furnish(_ namespace: String, now: Timestamp) throws(APIFailure) -> PlannedWrite? {
        let name = ObjectName(namespace: namespace, name: "default")
        guard store[Keys.serviceAccounts, name] == nil, let resource = registry[key: Keys.serviceAccounts] else {
            return nil
        }
        return try create(
            resource, namespace: namespace, body: ["metadata": ["name": "default"]],
            options: WriteOptions(manager: "fairway-local", now: now))
    }
}
