import EnvoyAPI
import EnvoyTranslation
import Logging
import NetTypes
import RateLimiter
import SwiftProtobuf
import TestSupport
import Testing
import TrafficPlan

@testable import RateLimitService

@Suite struct `What a proxy describes` {
    private typealias Descriptor = Envoy_Extensions_Common_Ratelimit_V3_RateLimitDescriptor

    private func descriptor(_ entries: (String, String)...) -> Descriptor {
        .with { message in
            message.entries = entries.map { key, value in
                .with {
                    $0.key = key
                    $0.value = value
                }
            }
        }
    }

    @Test func `each entry becomes the part of the request that it names`() throws {
        let read = try DescribedRequest(
            descriptor(
                ("set", "s1"), ("class", "closed"), ("remote_address", "2001:db8::1"), ("method", "PUT"),
                ("host", "Shop.Example.:8080"), ("path", "/a/b?c=d?e"), ("h:x-key", ""), ("h:cookie", "a=b")))
        #expect(read.set == LimitSetID("s1") && read.failureClass == .closed && read.moment == .arrival)
        let request = LimitedRequest(
            clientAddress: IPAddress("2001:db8::1"), method: "PUT", host: "shop.example", path: "/a/b", query: "c=d?e",
            headers: ["x-key": "", "cookie": "a=b"])
        #expect(read.request == request)
    }

    @Test func `the end of a request tells what it has cost, and whether it was refused`() throws {
        let end = try DescribedRequest(
            descriptor(("set", "s1"), ("class", "open"), ("done", "1"), ("r:x-cost", "7"), ("limited_by", "a/b/c")))
        #expect(end.moment == .end(costs: ["x-cost": "7"], isRefusal: true))
    }

    @Test func `a stranger's question is refused, and no bytes bring the reader down`() throws {
        #expect(throws: DescribedRequest.Malformed.self) { try DescribedRequest(descriptor(("class", "open"))) }
        #expect(throws: DescribedRequest.Malformed.self) { try DescribedRequest(descriptor(("set", "s"))) }
        #expect(throws: DescribedRequest.Malformed.self) {
            try DescribedRequest(descriptor(("set", "s"), ("class", "half")))
        }
        var generator = SeededGenerator(seed: 7)
        let good = descriptor(("set", "s1"), ("class", "open"), ("path", "/a?b"), ("host", "a.example:80"))
        let bytes: [UInt8] = try good.serializedBytes()
        for _ in 0..<5000 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                mutated[Int.random(in: 0..<mutated.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            guard let message = try? Descriptor(serializedBytes: mutated) else { continue }
            _ = try? DescribedRequest(message)
        }
    }
}

@Suite struct `Sets that a limiter holds` {
    private func ids(_ names: String...) -> [LimitSetID] { names.map { LimitSetID($0) } }

    @Test func `a set stays for the grace after it left, and comes back without being installed anew`() {
        var held = HeldSets(grace: .seconds(10), mostRetired: 2)
        #expect(held.want(ids("a", "b")).install == ids("a", "b"))
        #expect(held.want(ids("a")).install.isEmpty)
        #expect(held.retire(ids("a"), now: .seconds(1)).remove.isEmpty)
        #expect(held.want(ids("a")).install.isEmpty)
        #expect(held.retire(ids("a"), now: .seconds(2)).remove.isEmpty)
        #expect(held.expire(now: .seconds(11)).remove.isEmpty)
        #expect(held.expire(now: .seconds(12)).remove == ids("a"))
        #expect(held.want(ids("c", "d", "e")).install == ids("c", "d", "e"))
        #expect(held.retire(ids("c", "d", "e"), now: .seconds(13)).remove == ids("c"))
        #expect(held.replace(with: Set(ids("x")), now: .seconds(14)).install == ids("x"))
        #expect(held.count == 3)
    }

    @Test func `a question waits for a set that comes, and not for ever`() async throws {
        let holder = LimitSetHolder(
            limiter: RateLimiter(counters: MemoryCounters(keys: 100)), patience: .seconds(20),
            logger: Logger(label: "t"))
        let id = LimitSetID("s")
        let limit = RateLimit(
            name: RateLimitName(namespace: "n", policy: "p", limit: "l"), allowance: Allowance(requests: 1, per: .day),
            origin: .builtIn)
        async let isThere = holder.waitUntilInstalled(LimitSetHolder.name(of: id, .open))
        holder.install([id: LimitSet(limits: [limit])])
        #expect(await isThere)
        let hasty = LimitSetHolder(
            limiter: RateLimiter(counters: MemoryCounters(keys: 100)), patience: .milliseconds(5),
            logger: Logger(label: "t"))
        #expect(await hasty.waitUntilInstalled(id) == false)
    }

    @Test func `updates bring a limiter from any state to the controller's, in pieces that fit`() throws {
        let sets = Dictionary(
            uniqueKeysWithValues: (0..<8).map { index in
                let limit = RateLimit(
                    name: RateLimitName(namespace: "n", policy: "p", limit: "l\(index)"),
                    allowance: Allowance(requests: 1, per: .day),
                    answer: LimitAnswer(body: String(repeating: "x", count: 400_000)), origin: .builtIn)
                return (LimitSetID("s\(index)"), LimitSet(limits: [limit]))
            })
        var view = FollowerView()
        var read = FollowedSets()
        let updates = view.updates(to: sets.mapValues(\.bytes), version: 1)
        #expect(updates.count > 1)
        var complete: [LimitSetID: LimitSet]?
        for update in updates {
            let bytes: [UInt8] = try update.serializedBytes()
            let change = read.take(try .init(serializedBytes: bytes)) { _, _ in Issue.record("unreadable") }
            if case .complete(let all) = change { complete = all }
        }
        #expect(complete == sets)
        #expect(view.updates(to: sets.mapValues(\.bytes), version: 1).isEmpty)
        var fewer = sets
        fewer[LimitSetID("s0")] = nil
        let delta = view.updates(to: fewer.mapValues(\.bytes), version: 2)
        #expect(delta.count == 1)
        if case .delta(let new, let retired) = read.take(delta[0], onUnreadable: { _, _ in }) {
            #expect(new.isEmpty && retired == [LimitSetID("s0")])
        } else {
            Issue.record("no delta")
        }
    }
}
