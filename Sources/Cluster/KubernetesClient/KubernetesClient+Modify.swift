package import KubernetesModel

extension KubernetesClient {
    /// Reads an object, changes it and writes it back; on a conflict, again with the newer one. `change` returns `false`
    /// where nothing is to be done. Other kinds of failure are the caller's.
    @discardableResult
    package func modify<O: KubernetesObject>(
        _ type: O.Type, _ name: ObjectName, subresource: String? = nil, attempts: Int = 5,
        _ change: (inout O) -> Bool
    ) async throws(KubernetesError) -> O {
        var attempt = 1
        while true {
            var object = try await get(type, name)
            guard change(&object) else { return object }
            do {
                return try await replace(object, subresource: subresource)
            } catch  where error.isConflict && attempt < attempts {
                attempt += 1
            }
        }
    }
}
