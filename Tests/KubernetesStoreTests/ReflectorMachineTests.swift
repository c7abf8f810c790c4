import KubernetesClient
import KubernetesStore
import Testing

@Suite struct ReflectorMachineTests {
    /// Base 100 ms; a spread of 0.5 leaves the pause as it is.
    static let backoff = Backoff(base: .milliseconds(100), ceiling: .seconds(1))
    static let firstList = ReflectorMachine.Action.list(continue: nil, paged: true)

    private static func watching(at version: String = "10") -> ReflectorMachine {
        var machine = ReflectorMachine(backoff: backoff)
        _ = machine.started()
        _ = machine.listed(continue: nil, resourceVersion: version)
        _ = machine.watchOpened()
        return machine
    }

    @Test func `lists page by page, then watches from the first page's version`() {
        var machine = ReflectorMachine(backoff: Self.backoff)
        #expect(machine.started() == Self.firstList)
        #expect(machine.listed(continue: "a", resourceVersion: "9") == .list(continue: "a", paged: true))
        #expect(machine.listed(continue: "b", resourceVersion: "9") == .list(continue: "b", paged: true))
        #expect(machine.listed(continue: nil, resourceVersion: "12") == .watch(resourceVersion: "9"))
        #expect(machine.watchOpened() == .read)
        #expect(machine.isWatching)
    }

    @Test func `a watch that ended is opened again where it stopped`() {
        var machine = Self.watching()
        #expect(machine.received(resourceVersion: "11") == .read)
        #expect(machine.received(resourceVersion: "") == .read)
        #expect(machine.watchEnded(livedLong: false, spread: 0.5) == .watch(resourceVersion: "11"))
        _ = machine.watchOpened()
        #expect(machine.watchEnded(livedLong: true, spread: 0.5) == .watch(resourceVersion: "11"))
    }

    @Test func `a watch that says nothing and ends at once is not asked in a tight loop`() {
        var machine = Self.watching()
        var pauses: [ReflectorMachine.Action] = []
        for _ in 0..<3 {
            pauses.append(machine.watchEnded(livedLong: false, spread: 0.5))
            #expect(machine.waited() == .watch(resourceVersion: "10"))
            _ = machine.watchOpened()
        }
        #expect(pauses == [.wait(.milliseconds(100)), .wait(.milliseconds(200)), .wait(.milliseconds(400))])
    }

    @Test(arguments: [true, false]) func `410 lists again at once`(wasOpen: Bool) {
        var machine = Self.watching()
        if !wasOpen { _ = machine.watchEnded(livedLong: true, spread: 0.5) }
        #expect(machine.failed(.expired, spread: 0.5) == Self.firstList)
    }

    @Test func `410 after 410 waits, since the lists do not help`() {
        var machine = Self.watching()
        #expect(machine.failed(.expired, spread: 0.5) == Self.firstList)
        #expect(machine.failed(.unavailable, spread: 0.5) == .wait(.milliseconds(200)))
        #expect(machine.waited() == Self.firstList)
    }

    @Test func `an expired page token lists again without pages`() {
        var machine = ReflectorMachine(backoff: Self.backoff)
        _ = machine.started()
        _ = machine.listed(continue: "a", resourceVersion: "9")
        #expect(machine.failed(.expired, spread: 0.5) == .wait(.milliseconds(100)))
        #expect(machine.waited() == .list(continue: nil, paged: false))
    }

    @Test func `a page that failed is asked for again, not the whole list`() {
        var machine = ReflectorMachine(backoff: Self.backoff)
        _ = machine.started()
        _ = machine.listed(continue: "a", resourceVersion: "9")
        #expect(machine.failed(.unavailable, spread: 0.5) == .wait(.milliseconds(100)))
        #expect(machine.waited() == .list(continue: "a", paged: true))
    }

    @Test func `failures in a row wait longer, up to the ceiling, and success starts anew`() {
        var machine = Self.watching()
        var pauses: [ReflectorMachine.Action] = []
        for _ in 0..<6 {
            pauses.append(machine.failed(.transport, spread: 0.5))
            #expect(machine.waited() == .watch(resourceVersion: "10"))
        }
        #expect(pauses == [100, 200, 400, 800, 1000, 1000].map { .wait(.milliseconds($0)) })
        _ = machine.watchOpened()
        _ = machine.received(resourceVersion: "11")
        #expect(machine.failures == 0)
        #expect(machine.failed(.transport, spread: 0.5) == .wait(.milliseconds(100)))
    }

    @Test(arguments: [(0.0, 50), (0.25, 75), (0.999, 149)]) func `pauses are spread`(spread: Double, least: Int) {
        var backoff = Self.backoff
        let pause = backoff.failed(spread: spread)
        #expect(pause >= .milliseconds(least) && pause < .milliseconds(least + 1))
    }

    @Test func `the server's wish to wait is respected`() {
        var machine = Self.watching()
        #expect(machine.failed(.tooManyRequests, retryAfter: .seconds(7), spread: 0.5) == .wait(.seconds(7)))
    }

    @Test(arguments: [KubernetesError.Code.undecodable, .invalid])
    func `an event that cannot be read is passed by listing again`(code: KubernetesError.Code) {
        var machine = Self.watching()
        #expect(machine.failed(code, spread: 0.5) == .wait(.milliseconds(100)))
        #expect(machine.waited() == Self.firstList)
    }

    @Test func `a place the server never reached is given up, a slow watch is not`() {
        var opening = Self.watching()
        _ = opening.watchEnded(livedLong: true, spread: 0.5)
        _ = opening.failed(.timeout, spread: 0.5)
        #expect(opening.waited() == Self.firstList)
        var open = Self.watching()
        _ = open.failed(.timeout, spread: 0.5)
        #expect(open.waited() == .watch(resourceVersion: "10"))
    }
}
