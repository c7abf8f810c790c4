import Foundation
import KubernetesModel
import Metrics
import ServiceRules

/// What the Service rules cost and how late they are.
struct ServiceMetrics: Sendable {
    private let duration = Timer(label: "fairway_services_sync_duration_seconds")
    private let latency = Timer(label: "fairway_services_programming_latency_seconds")
    private let elements = Gauge(label: "fairway_services_elements")
    private let services = Gauge(label: "fairway_services")
    private let problems = Gauge(label: "fairway_services_problems")
    private let failures = Counter(label: "fairway_services_sync_failures_total")
    private let flows = Counter(label: "fairway_services_deleted_flows_total")
    private let changes = Counter(label: "fairway_services_element_changes_total")

    func synced(_ report: ServiceProgrammer.Report, elements: Int, services: Int, problems: Int) {
        duration.record(duration: report.duration)
        self.elements.record(elements)
        self.services.record(services)
        self.problems.record(problems)
        if report.added + report.removed > 0 { changes.increment(by: report.added + report.removed) }
        if report.deletedFlows > 0 { flows.increment(by: report.deletedFlows) }
    }

    func failed() { failures.increment() }

    /// From the event in the cluster to the kernel, for slices that say when they changed.
    func programmed(_ changes: [ClusterChange]) {
        let now = Date().timeIntervalSince1970
        for case .slice(_, _, let slice?) in changes {
            guard let text = slice.metadata.annotations?[EndpointSlice.triggerTimeAnnotation],
                let time = MicroTime(text)
            else { continue }
            latency.recordSeconds(max(0, now - Double(time.microsecondsSinceEpoch) / 1_000_000))
        }
    }
}
