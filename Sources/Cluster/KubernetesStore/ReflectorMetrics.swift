import KubernetesClient
import KubernetesModel
import Metrics

struct ReflectorMetrics: Sendable {
    let lists: Counter
    let watches: Counter
    let events: Counter
    let objects: Gauge
    private let resource: (String, String)

    init(_ kind: ResourceKind) {
        resource = ("resource", kind.description)
        lists = Counter(label: "fairway_kubernetes_lists", dimensions: [resource])
        watches = Counter(label: "fairway_kubernetes_watches", dimensions: [resource])
        events = Counter(label: "fairway_kubernetes_watch_events", dimensions: [resource])
        objects = Gauge(label: "fairway_kubernetes_objects", dimensions: [resource])
    }

    func failed(_ code: KubernetesError.Code) {
        Counter(label: "fairway_kubernetes_errors", dimensions: [resource, ("code", code.description)]).increment()
    }

    func unreadable() {
        Counter(label: "fairway_kubernetes_unreadable_objects", dimensions: [resource]).increment()
    }
}
