import DiscoveryProtocol
import EnvoyTranslation
import KubernetesModel
import KubernetesStore
import Synchronization
import TrafficCompiler
import TrafficPlan

/// Tells what is wrong with an object of one kind on the object: each trouble once when it comes up, by the leader.
final class TroubleEvents: Sendable {
    private struct Trouble: Hashable {
        var reason: String
        var message: String
    }

    private struct Entry {
        var uid: String?
        /// As they stand, for a leader who is elected later.
        var reported: [Trouble] = []
        var refused: [Trouble] = []
        var kept: [Trouble] = []
        var told: Set<Trouble> = []

        mutating func takeUntold() -> [Trouble] {
            let current = reported + refused + kept
            defer { told = Set(current) }
            return current.filter { !told.contains($0) }
        }
    }

    private struct State {
        var entries: [ObjectName: Entry] = [:]
        var isLeader = false
    }

    private let resource: ResourceKind
    private let recorder: EventRecorder
    private let state = Mutex(State())

    init(_ resource: ResourceKind, recorder: EventRecorder) {
        self.resource = resource
        self.recorder = recorder
    }

    /// - Parameter diagnostics: `nil` for an object that is gone, or no longer ours.
    func reported(_ name: ObjectName, uid: String?, _ diagnostics: [Diagnostic]?) {
        change([name]) { state in
            guard let diagnostics else {
                state.entries[name] = nil
                return
            }
            // Another object under the same name has been told nothing.
            if state.entries[name]?.uid != uid { state.entries[name]?.told = [] }
            state.entries[name, default: Entry()].uid = uid
            state.entries[name]?.reported = diagnostics.map { trouble(name, $0) }
        }
    }

    /// All that Envoy refuses now, by the objects that take part in it.
    func refused(_ refusals: [ObjectName: [Rejection]]) {
        let troubles = refusals.mapValues { $0.map(Self.trouble) }
        change(Set(troubles.keys)) { state in
            for name in state.entries.keys { state.entries[name]?.refused = troubles[name] ?? [] }
        }
    }

    /// All that is kept from the proxies because Envoy would refuse it.
    func kept(_ problems: [ObjectName: [TranslationProblem]]) {
        let troubles = problems.mapValues { $0.map { Trouble(reason: "NotServed", message: "\($0)") } }
        change(Set(troubles.keys)) { state in
            for name in state.entries.keys { state.entries[name]?.kept = troubles[name] ?? [] }
        }
    }

    func leadershipChanged(_ isLeader: Bool) {
        let names = state.withLock { $0.entries.keys }
        change(names) { $0.isLeader = isLeader }
    }

    private func change(_ names: some Collection<ObjectName>, _ body: (inout State) -> Void) {
        let news = state.withLock { state -> [(ObjectName, String?, [Trouble])] in
            body(&state)
            guard state.isLeader else { return [] }
            return names.compactMap { name in
                guard let untold = state.entries[name]?.takeUntold(), !untold.isEmpty else { return nil }
                return (name, state.entries[name]?.uid, untold)
            }
        }
        for (name, uid, troubles) in news {
            for trouble in troubles { record(name, uid, trouble) }
        }
    }

    private func trouble(_ name: ObjectName, _ diagnostic: Diagnostic) -> Trouble {
        // The object's own name says nothing new on the object; another's does.
        let origin = diagnostic.origin
        let isOwn =
            origin.kind == resource.kind && origin.namespace == name.namespace && origin.name == name.name
        let place = isOwn ? origin.field : "\(origin)"
        return Trouble(
            reason: diagnostic.reason, message: place.isEmpty ? diagnostic.message : "\(place): \(diagnostic.message)")
    }

    private static func trouble(_ rejection: Rejection) -> Trouble {
        let fate = rejection.servesLastGood ? "its last good form is served" : "it is not served"
        // A part of the route table is a host; every other resource has a name that people know.
        let what = rejection.part.map { "host \($0)" } ?? rejection.resource.name
        return Trouble(
            reason: "RefusedByEnvoy", message: "\(what) was refused, \(fate): \(rejection.message)")
    }

    private func record(_ name: ObjectName, _ uid: String?, _ trouble: Trouble) {
        let object = ObjectReference(
            apiVersion: resource.apiVersion, kind: resource.kind, namespace: name.namespace, name: name.name, uid: uid)
        recorder.record(
            Occurrence(
                object: object, severity: .warning, reason: trouble.reason, action: "Compile",
                message: trouble.message))
    }
}
