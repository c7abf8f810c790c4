package import KubernetesModel
package import TrafficCompiler

/// Decides which policy needs its `status.ancestors` written, and when.
///
/// `Programmed` is a promise that proxies hold the policy, so it follows their acknowledgements. Entries of other
/// controllers are carried along as they are. What stands in the object already is not written again.
package struct PolicyStatusMachine: Sendable {
    /// A policy as the watch brings it.
    package struct Observation: Hashable, Sendable {
        package var uid: String?
        package var resourceVersion: String?
        package var ancestors: [PolicyStatus.Ancestor]

        package init(_ metadata: ObjectMeta, _ status: PolicyStatus?) {
            uid = metadata.uid
            resourceVersion = metadata.resourceVersion
            ancestors = status?.ancestors ?? []
        }
    }

    package struct Write: Hashable, Sendable {
        package var name: PolicyName
        /// Keeps the write from hitting another object that has taken the name since.
        package var uid: String?
        /// Given where entries of others are among them, which must not be older than what stands there.
        package var resourceVersion: String?
        package var ancestors: [PolicyStatus.Ancestor]
    }

    package enum Outcome: Sendable {
        case written
        /// The object is gone, is another one, or has changed; the watch brings what it needs.
        case superseded
        case failed
    }

    private struct Entry {
        var observed: Observation?
        var report: PolicyReport?
        /// The plan's generation that holds the report.
        var generation: UInt64 = 0
        var isInFlight = false
    }

    private let controllerName: String
    private var entries: [PolicyName: Entry] = [:]
    private var dirty: Set<PolicyName> = []
    private var failed: Set<PolicyName> = []
    private var keptWords: [PolicyName: String] = [:]
    private var refusedWords: [PolicyName: String] = [:]
    private var applied: UInt64 = 0
    private var proxies = 0
    /// Those whose plan no proxy has acknowledged yet.
    private var awaiting: Set<PolicyName> = []
    private var isLeader = false

    package init(controllerName: String) { self.controllerName = controllerName }

    /// The watch brought this object; `nil` when it is deleted.
    package mutating func observed(_ name: PolicyName, _ observation: Observation?) {
        guard let observation else { return forget(name) }
        if let old = entries[name]?.observed, old.uid != observation.uid { forget(name) }
        entries[name, default: Entry()].observed = observation
        dirty.insert(name)
    }

    /// The plan of this generation holds what the report says; `nil` when the policy is gone.
    package mutating func reported(_ name: PolicyName, _ report: PolicyReport?, in generation: UInt64) {
        guard let report else {
            // Another object may have the name by now, which the watch has brought.
            if entries[name]?.observed?.uid == entries[name]?.report?.uid { forget(name) }
            return
        }
        entries[name, default: Entry()].report = report
        entries[name]?.generation = generation
        if generation > applied { awaiting.insert(name) }
        dirty.insert(name)
    }

    /// All that is kept from the proxies because they would refuse it.
    package mutating func kept(_ words: [PolicyName: String]) {
        dirty.formUnion(Set(words.keys).union(keptWords.keys).intersection(entries.keys))
        keptWords = words
    }

    /// All that proxies refuse now.
    package mutating func refused(_ words: [PolicyName: String]) {
        dirty.formUnion(Set(words.keys).union(refusedWords.keys).intersection(entries.keys))
        refusedWords = words
    }

    /// So many proxies have acknowledged all plans up to this one.
    package mutating func applied(_ generation: UInt64, by proxies: Int) {
        self.proxies = proxies
        guard generation > applied else { return }
        applied = generation
        let ready = awaiting.filter { entries[$0].map { $0.generation <= generation } ?? true }
        awaiting.subtract(ready)
        dirty.formUnion(ready.intersection(entries.keys))
    }

    package mutating func leadershipChanged(_ isLeader: Bool) {
        guard isLeader != self.isLeader else { return }
        self.isLeader = isLeader
        if isLeader { dirty.formUnion(entries.keys) }
    }

    /// The writes that are due now. Each is in flight until `finished` is called for it.
    package mutating func due(now: Timestamp) -> [Write] {
        guard isLeader else { return [] }
        var writes: [Write] = []
        for name in dirty {
            guard var entry = entries[name], !entry.isInFlight else { continue }
            guard let observed = entry.observed, let report = entry.report, observed.uid == report.uid else {
                continue
            }
            dirty.remove(name)
            let wanted = ancestors(of: name, entry, report, now: now)
            guard wanted != observed.ancestors else { continue }
            entry.isInFlight = true
            entries[name] = entry
            let hasOthers = wanted.contains { $0.controllerName != controllerName }
            writes.append(
                Write(
                    name: name, uid: observed.uid, resourceVersion: hasOthers ? observed.resourceVersion : nil,
                    ancestors: wanted))
        }
        return writes.sorted { $0.name < $1.name }
    }

    /// A write ended. After a failure the object is due again after `retry`.
    package mutating func finished(_ write: Write, _ outcome: Outcome) {
        guard let entry = entries[write.name], entry.observed?.uid == write.uid else { return }
        entries[write.name]?.isInFlight = false
        switch outcome {
        case .written: entries[write.name]?.observed?.ancestors = write.ancestors
        case .superseded: break
        case .failed: failed.insert(write.name)
        }
    }

    /// Time to try again what failed.
    package mutating func retry() {
        dirty.formUnion(failed)
        failed = []
    }

    private mutating func forget(_ name: PolicyName) {
        entries[name] = nil
        dirty.remove(name)
        failed.remove(name)
        awaiting.remove(name)
    }

    /// Others' entries as they stand, then ours, one for each target.
    private func ancestors(
        of name: PolicyName, _ entry: Entry, _ report: PolicyReport, now: Timestamp
    ) -> [PolicyStatus.Ancestor] {
        let standing = entry.observed?.ancestors ?? []
        let conditions = PolicyConditions(
            generation: report.generation, progress: progress(of: name, entry), now: now)
        var ours: [PolicyStatus.Ancestor] = []
        for ancestor in report.ancestors {
            let target = ancestor.target
            let reference = PolicyStatus.Reference(
                group: target.group, kind: target.kind,
                namespace: target.kind == IngressClass.resource.kind ? nil : name.name.namespace, name: target.name,
                sectionName: target.sectionName)
            // A target that is named twice is told of once.
            guard !ours.contains(where: { $0.ancestorRef == reference }) else { continue }
            let former = standing.first { $0.ancestorRef == reference && $0.controllerName == controllerName }
            ours.append(
                PolicyStatus.Ancestor(
                    ancestorRef: reference, controllerName: controllerName,
                    conditions: conditions.conditions(of: ancestor, former: former?.conditions ?? [])))
        }
        return standing.filter { $0.controllerName != controllerName }
            + ours.map { $0.keepingCount(of: standing) }
    }

    private func progress(of name: PolicyName, _ entry: Entry) -> PolicyConditions.Progress {
        if let words = keptWords[name] ?? refusedWords[name] { return .refused(words) }
        return entry.generation <= applied ? .acknowledged(proxies: proxies) : .pending
    }
}

extension PolicyStatus.Ancestor {
    /// How many proxies hold a policy is counted when they first do: a fleet that scales must not rewrite every policy.
    fileprivate func keepingCount(of standing: [PolicyStatus.Ancestor]) -> PolicyStatus.Ancestor {
        guard
            let former = standing.first(where: { $0.ancestorRef == ancestorRef && $0.controllerName == controllerName })
        else { return self }
        var kept = self
        kept.conditions = conditions?.map { condition in
            guard condition.type == "Programmed", condition.status == "True" else { return condition }
            let old = former.conditions?.first {
                $0.type == condition.type && $0.status == condition.status && $0.reason == condition.reason
                    && $0.observedGeneration == condition.observedGeneration
            }
            return old ?? condition
        }
        return kept
    }
}
