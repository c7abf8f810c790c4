import Metrics

/// What `/metrics` says of the pod network.
struct PodNetworkMetrics: Sendable {
    private let heldAddresses = Gauge(label: "fairway_ipam_addresses_held")
    private let capacity = Gauge(label: "fairway_ipam_addresses_capacity")
    private let repairs = Counter(label: "fairway_pod_route_repairs_total")

    /// - Parameter code: 0 or the error's.
    func served(verb: CNIVerb?, code: Int, took duration: Duration) {
        let labels = [("verb", verb?.rawValue ?? "unknown"), ("code", String(code))]
        Counter(label: "fairway_cni_requests_total", dimensions: labels).increment()
        let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        Timer(label: "fairway_cni_request_duration_seconds", dimensions: [labels[0]]).recordNanoseconds(nanoseconds)
    }

    func repaired(_ count: Int) { repairs.increment(by: count) }

    func use(held: Int, capacity: Double) {
        heldAddresses.record(held)
        self.capacity.record(capacity)
    }
}
