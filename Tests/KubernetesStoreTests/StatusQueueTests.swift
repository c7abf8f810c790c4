import KubernetesModel
import KubernetesStore
import Testing

@Suite struct StatusQueueTests {
    static let a = StatusTarget(kind: Ingress.resource, name: ObjectName(namespace: "n", name: "a"))
    static let b = StatusTarget(kind: Ingress.resource, name: ObjectName(namespace: "n", name: "b"))

    private static var queue: StatusQueue {
        StatusQueue(interval: .seconds(1), backoff: Backoff(base: .seconds(2), ceiling: .seconds(60)))
    }

    @Test func `the first wish is written at once, and the newest only`() {
        var queue = Self.queue
        queue.put(Self.a, 1)
        queue.put(Self.b, 5)
        queue.put(Self.a, 2)
        #expect(queue.next(now: .zero) == .write(Self.a, 2))
        #expect(queue.next(now: .zero) == .write(Self.b, 5))
        #expect(queue.next(now: .zero) == .wait(nil))
    }

    @Test func `one write of an object at a time, and not more often than the interval`() {
        var queue = Self.queue
        queue.put(Self.a, 1)
        _ = queue.next(now: .zero)
        queue.put(Self.a, 2)
        #expect(queue.next(now: .seconds(5)) == .wait(nil))
        queue.wrote(Self.a, 1)
        #expect(queue.next(now: .milliseconds(400)) == .wait(.milliseconds(600)))
        #expect(queue.next(now: .seconds(1)) == .write(Self.a, 2))
    }

    @Test func `what stands already is not written again`() {
        var queue = Self.queue
        queue.put(Self.a, 1)
        _ = queue.next(now: .zero)
        queue.put(Self.a, 1)
        queue.wrote(Self.a, 1)
        #expect(queue.next(now: .seconds(9)) == .wait(nil))
        queue.put(Self.a, 2)
        queue.put(Self.a, 1)
        #expect(queue.next(now: .seconds(9)) == .wait(nil))
        queue.put(Self.a, 2)
        #expect(queue.next(now: .seconds(9)) == .write(Self.a, 2))
    }

    @Test func `a failed write comes again later, unless a newer wish takes its place`() {
        var queue = Self.queue
        queue.put(Self.a, 1)
        _ = queue.next(now: .zero)
        queue.failed(Self.a, 1, retryAfter: nil, spread: 0.5, now: .zero)
        #expect(queue.next(now: .seconds(1)) == .wait(.seconds(1)))
        #expect(queue.next(now: .seconds(2)) == .write(Self.a, 1))
        queue.put(Self.a, 2)
        queue.failed(Self.a, 1, retryAfter: .seconds(9), spread: 0.5, now: .seconds(2))
        #expect(queue.next(now: .seconds(11)) == .write(Self.a, 2))
    }

    @Test func `forgets what is gone, also while it is written`() {
        var queue = Self.queue
        queue.put(Self.a, 1)
        _ = queue.next(now: .zero)
        queue.put(Self.a, 2)
        queue.forget(Self.a)
        queue.failed(Self.a, 1, retryAfter: nil, spread: 0, now: .zero)
        #expect(queue.next(now: .seconds(100)) == .wait(nil))
    }

    @Test func `after a loss of leadership everything is written anew`() {
        var queue = Self.queue
        queue.put(Self.a, 1)
        _ = queue.next(now: .zero)
        queue.wrote(Self.a, 1)
        queue.forgetAll()
        queue.put(Self.a, 1)
        #expect(queue.next(now: .zero) == .write(Self.a, 1))
    }
}
