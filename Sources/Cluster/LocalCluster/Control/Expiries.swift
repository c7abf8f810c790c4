import KubernetesModel

/// What goes by itself when its time has come: pods whose grace period is over (there is no kubelet to stop them), and
/// events after an hour.
struct Expiries: Sendable {
    static let eventLifetime: Int64 = 3600

    private var pods: [ObjectName: Timestamp] = [:]
    /// In order of their last write; entries that were written again later are skipped.
    private var events: [(written: Timestamp, name: ObjectName, revision: UInt64)] = []
    private var firstEvent = 0

    mutating func note(_ change: StoredChange, now: Timestamp) {
        switch change.key {
        case Keys.pods:
            if let pod = change.new { note(pod: pod) } else { pods[change.name] = nil }
        case Keys.events:
            if let event = change.new { events.append((now, change.name, event.revision)) }
        default: break
        }
    }

    mutating func note(pod: StoredObject) {
        guard pod.isTerminating else { return }
        pods[pod.name] = pod.value["metadata"]?["deletionTimestamp"]?.string.flatMap { Timestamp($0) }
    }

    mutating func duePods(now: Timestamp) -> [ObjectName] {
        let due = pods.filter { $0.value <= now }.keys.sorted()
        for name in due { pods[name] = nil }
        return due
    }

    mutating func dueEvents(now: Timestamp) -> [(name: ObjectName, revision: UInt64)] {
        var due: [(ObjectName, UInt64)] = []
        while firstEvent < events.count,
            now.secondsSinceEpoch - events[firstEvent].written.secondsSinceEpoch > Self.eventLifetime
        {
            due.append((events[firstEvent].name, events[firstEvent].revision))
            firstEvent += 1
        }
        if firstEvent > 1024 {
            events.removeFirst(firstEvent)
            firstEvent = 0
        }
        return due
    }
}

extension ClusterState {
    /// Hands the controllers what has expired.
    mutating func enqueueExpired(now: Timestamp) {
        for name in expiries.duePods(now: now) {
            tasks.add(.evict(ObjectStore.Reference(key: Keys.pods, name: name)))
        }
        for (name, revision) in expiries.dueEvents(now: now) where store[Keys.events, name]?.revision == revision {
            tasks.add(.evict(ObjectStore.Reference(key: Keys.events, name: name)))
        }
    }
}
