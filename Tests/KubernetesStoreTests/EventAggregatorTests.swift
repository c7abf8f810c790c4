import KubernetesModel
import KubernetesStore
import Testing

@Suite struct EventAggregatorTests {
    static let object = ObjectReference(kind: "Ingress", namespace: "shop", name: "web", uid: "u")

    private static func occurrence(_ message: String, of object: ObjectReference = object) -> Occurrence {
        Occurrence(object: object, severity: .warning, reason: "Invalid", action: "Compile", message: message)
    }

    private static func time(_ seconds: Int) -> Timestamp { Timestamp(secondsSinceEpoch: Int64(seconds)) }

    private static func aggregator(_ change: (inout EventAggregator.Limits) -> Void = { _ in }) -> EventAggregator {
        var limits = EventAggregator.Limits()
        change(&limits)
        return EventAggregator(component: "fairway", instance: "pod-1", serial: 0xf, limits: limits)
    }

    @Test func `the first is created at once, with everything a reader needs`() throws {
        var events = Self.aggregator()
        events.occurred(Self.occurrence("bad host"), now: .zero, time: Self.time(100))
        guard case .create(_, let event) = events.next(now: .zero) else { throw Missing() }
        #expect(event.metadata.name == "web.10" && event.metadata.namespace == "shop")
        #expect(event.involvedObject == Self.object)
        #expect(event.type == "Warning" && event.reason == "Invalid" && event.message == "bad host")
        #expect(event.count == 1 && event.firstTimestamp == Self.time(100) && event.lastTimestamp == Self.time(100))
        #expect(event.reportingComponent == "fairway" && event.source?.component == "fairway")
        #expect(events.next(now: .zero) == .wait(nil))
    }

    @Test func `the same again raises the count, not more often than the interval`() throws {
        var events = Self.aggregator()
        let occurrence = Self.occurrence("bad host")
        events.occurred(occurrence, now: .zero, time: Self.time(0))
        _ = events.next(now: .zero)
        events.wrote(occurrence)
        for second in 1...5 { events.occurred(occurrence, now: .seconds(second), time: Self.time(second)) }
        #expect(events.next(now: .seconds(5)) == .wait(.seconds(5)))
        #expect(
            events.next(now: .seconds(10))
                == .raise(
                    occurrence, event: ObjectName(namespace: "shop", name: "web.10"), count: 6, last: Self.time(5)))
        #expect(events.next(now: .seconds(10)) == .wait(nil))
    }

    @Test func `another message is another event`() throws {
        var events = Self.aggregator()
        events.occurred(Self.occurrence("a"), now: .zero, time: Self.time(0))
        events.occurred(Self.occurrence("b"), now: .zero, time: Self.time(0))
        guard case .create(_, let first) = events.next(now: .zero),
            case .create(_, let second) = events.next(now: .zero)
        else { throw Missing() }
        #expect([first.message, second.message] == ["a", "b"])
        #expect(first.metadata.name != second.metadata.name)
    }

    @Test func `an object has a burst and then one each interval; others are not held up`() throws {
        var events = Self.aggregator { $0.burst = 2 }
        for index in 0..<4 { events.occurred(Self.occurrence("\(index)"), now: .zero, time: Self.time(0)) }
        _ = events.next(now: .zero)
        _ = events.next(now: .zero)
        #expect(events.next(now: .zero) == .wait(.seconds(30)))
        var other = Self.object
        other.name = "other"
        events.occurred(Self.occurrence("x", of: other), now: .zero, time: Self.time(0))
        guard case .create(let written, _) = events.next(now: .zero) else { throw Missing() }
        #expect(written.object == other)
        guard case .create(let third, _) = events.next(now: .seconds(30)) else { throw Missing() }
        #expect(third.message == "2")
        #expect(events.next(now: .seconds(30)) == .wait(.seconds(30)))
    }

    @Test func `what does not fit is dropped and counted`() {
        var events = Self.aggregator { $0.capacity = 3 }
        for index in 0..<5 { events.occurred(Self.occurrence("\(index)"), now: .zero, time: Self.time(0)) }
        #expect(events.dropped == 2)
    }

    @Test func `old ones make room and start anew`() throws {
        var events = Self.aggregator { $0.capacity = 1 }
        let first = Self.occurrence("first")
        events.occurred(first, now: .zero, time: Self.time(0))
        _ = events.next(now: .zero)
        events.wrote(first)
        events.occurred(Self.occurrence("second"), now: .seconds(601), time: Self.time(601))
        guard case .create(let written, _) = events.next(now: .seconds(601)) else { throw Missing() }
        #expect(written.message == "second")
        #expect(events.dropped == 0)
    }

    @Test func `a failed write comes again later, a hopeless one never`() throws {
        var events = Self.aggregator()
        let occurrence = Self.occurrence("a")
        events.occurred(occurrence, now: .zero, time: Self.time(0))
        _ = events.next(now: .zero)
        events.failed(occurrence, retryAfter: .seconds(5), now: .zero)
        #expect(events.next(now: .seconds(4)) == .wait(.seconds(1)))
        guard case .create = events.next(now: .seconds(5)) else { throw Missing() }
        events.failed(occurrence, retryAfter: nil, now: .seconds(5))
        #expect(events.next(now: .seconds(100)) == .wait(nil))
        #expect(events.dropped == 1)
    }

    @Test func `an event that the server has forgotten is made anew`() throws {
        var events = Self.aggregator()
        let occurrence = Self.occurrence("a")
        events.occurred(occurrence, now: .zero, time: Self.time(0))
        _ = events.next(now: .zero)
        events.wrote(occurrence)
        events.occurred(occurrence, now: .seconds(20), time: Self.time(20))
        guard case .raise = events.next(now: .seconds(20)) else { throw Missing() }
        events.vanished(occurrence, now: .seconds(20))
        guard case .create(_, let event) = events.next(now: .seconds(20)) else { throw Missing() }
        #expect(event.metadata.name == "web.11")
        #expect(event.count == 2)
    }

    @Test func `a long message is cut between characters`() throws {
        var events = Self.aggregator()
        events.occurred(Self.occurrence(String(repeating: "ü", count: 1000)), now: .zero, time: Self.time(0))
        guard case .create(_, let event) = events.next(now: .zero) else { throw Missing() }
        #expect(event.message == String(repeating: "ü", count: 510) + "…")
    }
}

private struct Missing: Error {}
