package import KubernetesModel

/// Decides which Ingress needs its `status.loadBalancer` written, and when.
///
/// An address on an Ingress is a promise that the way is open, so it is written only after proxies have acknowledged
/// the plan that holds the Ingress. What stands in the object already is not written again.
package struct IngressStatusMachine: Sendable {
    package struct Write: Hashable, Sendable {
        package var name: ObjectName
        /// Keeps the write from hitting another object that has taken the name since.
        package var uid: String?
        package var points: [Ingress.Status.Point]
    }

    private struct Entry {
        var uid: String?
        var observed: [Ingress.Status.Point]?
        /// The plan's generation that holds this Ingress; `nil` while it is not ours.
        var generation: UInt64?
        /// We have written to it in this process, or may have: what we wrote, we withdraw.
        var isMarked = false
        var isInFlight = false
    }

    private var entries: [ObjectName: Entry] = [:]
    private var dirty: Set<ObjectName> = []
    /// Those whose last write failed, until `retry`.
    private var failed: Set<ObjectName> = []
    private var applied: UInt64 = 0
    private var isLeader = false
    private let points: [Ingress.Status.Point]

    package init(points: [Ingress.Status.Point]) {
        self.points = points
    }

    /// The watch brought this object; `nil` when it is deleted.
    package mutating func observed(_ name: ObjectName, _ ingress: Ingress?) {
        guard let ingress else {
            forget(name)
            return
        }
        if let old = entries[name]?.uid, old != ingress.metadata.uid { forget(name) }
        entries[name, default: Entry()].observed = ingress.status?.loadBalancer?.ingress ?? []
        entries[name]?.uid = ingress.metadata.uid
        dirty.insert(name)
    }

    /// The plan of this generation serves the Ingress.
    package mutating func accepted(_ name: ObjectName, in generation: UInt64) {
        entries[name, default: Entry()].generation = generation
        dirty.insert(name)
    }

    /// The Ingress is not, or no longer, ours.
    package mutating func released(_ name: ObjectName) {
        guard let entry = entries[name] else { return }
        // The watch is ahead of the plan: it has brought the end already.
        guard entry.observed != nil else { return forget(name) }
        entries[name]?.generation = nil
        dirty.insert(name)
    }

    /// Proxies have acknowledged all plans up to this one.
    package mutating func applied(_ generation: UInt64) {
        guard generation > applied else { return }
        applied = generation
    }

    package mutating func leadershipChanged(_ isLeader: Bool) {
        guard isLeader != self.isLeader else { return }
        self.isLeader = isLeader
        if isLeader { dirty.formUnion(entries.keys) }
    }

    /// The writes that are due now. Each is in flight until `finished` is called for it.
    package mutating func due() -> [Write] {
        guard isLeader else { return [] }
        var writes: [Write] = []
        for name in dirty {
            guard var entry = entries[name], !entry.isInFlight else { continue }
            // An acknowledgement is still to come: it stays dirty.
            if let generation = entry.generation, generation > applied { continue }
            dirty.remove(name)
            let wanted = wantedPoints(of: entry)
            // What an earlier process of ours wrote counts as ours, too.
            entry.isMarked = entry.generation != nil
            entry.isInFlight = wanted != nil && entry.observed != nil && wanted != entry.observed
            entries[name] = entry
            guard entry.isInFlight, let wanted else { continue }
            writes.append(Write(name: name, uid: entry.uid, points: wanted))
        }
        return writes.sorted { $0.name < $1.name }
    }

    /// A write ended. After a failure the object is due again after `retry`.
    package mutating func finished(_ write: Write, succeeded: Bool) {
        guard let entry = entries[write.name], entry.uid == write.uid else { return }
        entries[write.name]?.isInFlight = false
        if succeeded {
            entries[write.name]?.observed = write.points
        } else {
            failed.insert(write.name)
        }
    }

    /// Time to try again what failed.
    package mutating func retry() {
        dirty.formUnion(failed)
        failed = []
    }

    private mutating func forget(_ name: ObjectName) {
        entries[name] = nil
        dirty.remove(name)
        failed.remove(name)
    }

    private func wantedPoints(of entry: Entry) -> [Ingress.Status.Point]? {
        if entry.generation != nil { return points }
        // Never touch the status of an object that was not ours.
        return entry.isMarked ? [] : nil
    }
}
