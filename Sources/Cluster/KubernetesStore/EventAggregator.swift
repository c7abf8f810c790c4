package import KubernetesModel

/// Something to tell about an object.
package struct Occurrence: Hashable, Sendable {
    package enum Severity: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    package var object: ObjectReference
    package var severity: Severity
    /// One word in upper camel case, the same for the same kind of thing.
    package var reason: String
    package var action: String
    package var message: String

    package init(object: ObjectReference, severity: Severity, reason: String, action: String, message: String) {
        self.object = object
        self.severity = severity
        self.reason = reason
        self.action = action
        self.message = message
    }
}

/// Which events to write, decided without clock or I/O. The same occurrence again raises the count of its event
/// instead of making another; each object may write a burst of events and then one every `interval`, so that a loop of
/// ours cannot fill the cluster's store. Memory is bounded: what does not fit is dropped and counted.
package struct EventAggregator: Sendable {
    package struct Limits: Sendable {
        /// Writes that an object may do at once, and the time after which it may do one more.
        package var burst = 20.0
        package var interval: Duration = .seconds(30)
        /// The least time between two raises of one event's count.
        package var countInterval: Duration = .seconds(10)
        /// An occurrence that did not come back for so long starts a new event.
        package var memory: Duration = .seconds(600)
        /// Occurrences remembered in all.
        package var capacity = 4096

        package init() {}
    }

    package enum Action: Equatable, Sendable {
        case create(Occurrence, KubernetesEvent)
        case raise(Occurrence, event: ObjectName, count: Int32, last: Timestamp)
        /// Nothing is due for so long; `nil` until the next occurrence.
        case wait(Duration?)
    }

    private struct Entry {
        var event: KubernetesEvent
        var isCreated = false
        /// Something to write that was not written.
        var isDirty = true
        var notBefore: Duration
        var lastSeen: Duration
    }

    private struct Allowance {
        var tokens: Double
        var at: Duration
    }

    private let limits: Limits
    private let component: String
    private let instance: String
    private var entries: [Occurrence: Entry] = [:]
    /// Dirty entries, oldest first.
    private var queue: [Occurrence] = []
    private var allowances: [ObjectReference: Allowance] = [:]
    private var serial: UInt64
    /// Occurrences that found no room.
    package private(set) var dropped = 0

    /// `serial` makes event names unique across restarts: the start time, say.
    package init(component: String, instance: String, serial: UInt64, limits: Limits = Limits()) {
        self.component = component
        self.instance = instance
        self.serial = serial
        self.limits = limits
    }

    /// `now` is monotonic, `time` the wall clock's.
    package mutating func occurred(_ occurrence: Occurrence, now: Duration, time: Timestamp) {
        if var entry = entries[occurrence], now - entry.lastSeen < limits.memory {
            entry.event.count = (entry.event.count ?? 1) + 1
            entry.event.lastTimestamp = time
            entry.lastSeen = now
            if !entry.isDirty { queue.append(occurrence) }
            entry.isDirty = true
            entries[occurrence] = entry
            return
        }
        if entries.count >= limits.capacity { forgetOld(now: now) }
        guard entries.count < limits.capacity else {
            dropped += 1
            return
        }
        if entries[occurrence]?.isDirty != true { queue.append(occurrence) }
        entries[occurrence] = Entry(event: event(occurrence, time), notBefore: now, lastSeen: now)
    }

    /// The next thing to write. Until `wrote` or `failed` tells how it went, it is not given again.
    package mutating func next(now: Duration) -> Action {
        var earliest: Duration?
        for (index, occurrence) in queue.enumerated() {
            guard let entry = entries[occurrence] else { continue }
            let due = max(entry.notBefore, allowed(occurrence.object, now: now))
            if due > now {
                earliest = min(earliest ?? due, due)
                continue
            }
            queue.remove(at: index)
            entries[occurrence]?.isDirty = false
            entries[occurrence]?.notBefore = now + limits.countInterval
            allowances[occurrence.object]?.tokens -= 1
            let event = entry.event
            guard entry.isCreated else { return .create(occurrence, event) }
            return .raise(
                occurrence, event: event.objectName, count: event.count ?? 1,
                last: event.lastTimestamp ?? Timestamp(secondsSinceEpoch: 0))
        }
        return .wait(earliest.map { $0 - now })
    }

    package mutating func wrote(_ occurrence: Occurrence) { entries[occurrence]?.isCreated = true }

    /// The event that was to be raised is gone (the server forgets events after an hour): it is made anew.
    package mutating func vanished(_ occurrence: Occurrence, now: Duration) {
        entries[occurrence]?.isCreated = false
        let name = name(occurrence)
        entries[occurrence]?.event.metadata.name = name
        retry(occurrence, at: now)
    }

    /// Writing failed: again after `pause`, or never.
    package mutating func failed(_ occurrence: Occurrence, retryAfter pause: Duration?, now: Duration) {
        if let pause { return retry(occurrence, at: now + pause) }
        entries[occurrence] = nil
        queue.removeAll { $0 == occurrence }
        dropped += 1
    }

    private mutating func retry(_ occurrence: Occurrence, at time: Duration) {
        guard let entry = entries[occurrence] else { return }
        if !entry.isDirty { queue.append(occurrence) }
        entries[occurrence]?.isDirty = true
        entries[occurrence]?.notBefore = time
    }

    /// When the object may write its next event; fills its allowance up to `now`.
    private mutating func allowed(_ object: ObjectReference, now: Duration) -> Duration {
        var allowance = allowances[object] ?? Allowance(tokens: limits.burst, at: now)
        allowance.tokens = min(limits.burst, allowance.tokens + (now - allowance.at) / limits.interval)
        allowance.at = now
        allowances[object] = allowance
        return allowance.tokens >= 1 ? now : now + limits.interval * (1 - allowance.tokens)
    }

    private mutating func forgetOld(now: Duration) {
        entries = entries.filter { $0.value.isDirty || now - $0.value.lastSeen < limits.memory }
        let objects = Set(entries.keys.map(\.object))
        allowances = allowances.filter { objects.contains($0.key) || (now - $0.value.at) < limits.interval }
    }

    private mutating func name(_ occurrence: Occurrence) -> String {
        serial += 1
        let suffix = "." + String(serial, radix: 16)
        // A name has at most 253 bytes.
        return String((occurrence.object.name ?? "object").prefix(253 - suffix.count)) + suffix
    }

    private mutating func event(_ occurrence: Occurrence, _ time: Timestamp) -> KubernetesEvent {
        // Events of objects without a namespace stand in `default`.
        let namespace = occurrence.object.namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        var event = KubernetesEvent(
            metadata: ObjectMeta(name: name(occurrence), namespace: namespace), involvedObject: occurrence.object,
            reason: occurrence.reason, message: occurrence.message.cut(to: 1024), type: occurrence.severity.rawValue)
        event.source = .init(component: component)
        event.action = occurrence.action
        event.reportingComponent = component
        event.reportingInstance = instance
        event.firstTimestamp = time
        event.lastTimestamp = time
        event.count = 1
        return event
    }
}

extension String {
    /// At most `limit` bytes, never through a character.
    fileprivate func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var text = self
        while text.utf8.count > limit - 3 { text.removeLast() }
        return text + "…"
    }
}
