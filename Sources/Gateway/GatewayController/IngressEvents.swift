import DiscoveryProtocol
import KubernetesModel
import KubernetesStore
import Synchronization
import TrafficCompiler
import TrafficPlan

/// Tells what is wrong with an Ingress on the Ingress: each trouble once when it comes up, by the leader.
final class IngressEvents: Sendable {
    private struct State {
        var told: [ObjectName: Set<Diagnostic>] = [:]
        /// As they stand, for a leader who is elected later.
        var reports: [ObjectName: IngressReport] = [:]
        var isLeader = false
    }

    private let recorder: EventRecorder
    private let state = Mutex(State())

    init(recorder: EventRecorder) { self.recorder = recorder }

    func reported(_ name: ObjectName, _ report: IngressReport?) {
        let fresh = state.withLock { state -> [Diagnostic] in
            state.reports[name] = report
            return Self.untold(of: name, in: &state)
        }
        for diagnostic in fresh { tell(name, report?.uid, diagnostic) }
    }

    func leadershipChanged(_ isLeader: Bool) {
        let fresh = state.withLock { state -> [(ObjectName, String?, [Diagnostic])] in
            state.isLeader = isLeader
            return state.reports.map { name, report in (name, report.uid, Self.untold(of: name, in: &state)) }
        }
        for (name, uid, diagnostics) in fresh {
            for diagnostic in diagnostics { tell(name, uid, diagnostic) }
        }
    }

    /// Envoy refused a resource that the Ingress takes part in.
    func refused(_ name: ObjectName, uid: String?, _ rejection: Rejection) {
        guard state.withLock(\.isLeader) else { return }
        let fate = rejection.servesLastGood ? "its last good form is served" : "it is not served"
        record(
            name, uid, .warning, reason: "RefusedByEnvoy",
            message: "\(rejection.resource.name) was refused, \(fate): \(rejection.message)")
    }

    private static func untold(of name: ObjectName, in state: inout State) -> [Diagnostic] {
        guard state.isLeader else { return [] }
        let current = state.reports[name]?.diagnostics ?? []
        let told = state.told[name] ?? []
        state.told[name] = current.isEmpty ? nil : Set(current)
        return current.filter { !told.contains($0) }
    }

    private func tell(_ name: ObjectName, _ uid: String?, _ diagnostic: Diagnostic) {
        // The Ingress's own name says nothing new on the Ingress; another object's does.
        let origin = diagnostic.origin
        let isOwn =
            origin.kind == Ingress.resource.kind && origin.namespace == name.namespace && origin.name == name.name
        let place = isOwn ? origin.field : "\(origin)"
        record(
            name, uid, .warning, reason: diagnostic.reason,
            message: place.isEmpty ? diagnostic.message : "\(place): \(diagnostic.message)")
    }

    private func record(
        _ name: ObjectName, _ uid: String?, _ severity: Occurrence.Severity, reason: String, message: String
    ) {
        let object = ObjectReference(
            apiVersion: Ingress.resource.apiVersion, kind: Ingress.resource.kind, namespace: name.namespace,
            name: name.name, uid: uid)
        recorder.record(
            Occurrence(object: object, severity: severity, reason: reason, action: "Compile", message: message))
    }
}
