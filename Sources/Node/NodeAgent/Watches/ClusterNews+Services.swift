import KubernetesModel
import KubernetesStore
package import ServiceRules

extension ClusterNews {
    /// The same for the Service rules: Nodes first, since what is local depends on them.
    package var changes: [ClusterChange] {
        nodes.map { .node(name: $0.name.name, $0.new) }
            + services.map {
                .service(ServiceID(namespace: $0.name.namespace, name: $0.name.name), $0.new)
            }
            + slices.map { .slice(namespace: $0.name.namespace, name: $0.name.name, $0.new) }
    }
}
