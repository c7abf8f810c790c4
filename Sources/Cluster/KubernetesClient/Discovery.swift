package import KubernetesModel

/// The kinds that an API server serves.
package struct Discovery: Sendable {
    package var kinds: [ResourceKind]
    /// Group versions that could not be asked: an aggregated API that is down must not hide the others.
    package var failures: [KubernetesError]

    package func kind(apiVersion: String, kind: String) -> ResourceKind? {
        kinds.first { $0.apiVersion == apiVersion && $0.kind == kind }
    }
}

extension KubernetesClient {
    /// Asks the server for its kinds: the core group first, then each group's versions, the preferred one first.
    package func discover() async throws(KubernetesError) -> Discovery {
        var discovery = Discovery(kinds: [], failures: [])
        for version in try await raw("GET", "/api")["versions"]?.array ?? [] {
            guard let version = version.string else { continue }
            await add(group: "", version: version, path: "/api/\(version)", to: &discovery)
        }
        for group in try await raw("GET", "/apis")["groups"]?.array ?? [] {
            let preferred = group[path: "preferredVersion", "version"]?.string
            let versions = (group["versions"]?.array ?? []).compactMap { $0["version"]?.string }
            for version in versions.filter({ $0 == preferred }) + versions.filter({ $0 != preferred }) {
                let name = group["name"]?.string ?? ""
                await add(group: name, version: version, path: "/apis/\(name)/\(version)", to: &discovery)
            }
        }
        return discovery
    }

    private func add(group: String, version: String, path: String, to discovery: inout Discovery) async {
        do {
            let answer = try await raw("GET", path)
            for resource in answer["resources"]?.array ?? [] {
                // `ingresses/status` and the like are subresources.
                guard let plural = resource["name"]?.string, !plural.contains("/"), let kind = resource["kind"]?.string
                else { continue }
                discovery.kinds.append(
                    ResourceKind(
                        group: group, version: version, kind: kind, plural: plural,
                        isNamespaced: resource["namespaced"]?.bool ?? false))
            }
        } catch {
            discovery.failures.append(error)
        }
    }
}
