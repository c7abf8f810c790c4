import DiscoveryServer
import EnvoyAPI
import EnvoyTranslation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import RateLimiter
import SwiftProtobuf
import TestSupport
import Testing
import TrafficPlan

@testable import RateLimitService

/// A controller's publisher and a limiter's follower, over the network.
@Suite(.serialized, .timeLimit(.minutes(2))) struct `Limits on their way to limiters` {
    private func set(_ name: String, _ requests: Int64 = 1) -> [LimitSetID: LimitSet] {
        let limit = RateLimit(
            name: RateLimitName(namespace: "n", policy: "p", limit: name),
            allowance: Allowance(requests: requests, per: .month), origin: .builtIn)
        return [LimitSetID(name): LimitSet(limits: [limit])]
    }

    private func holder() -> LimitSetHolder {
        LimitSetHolder(
            limiter: RateLimiter(counters: MemoryCounters(keys: 1000)), patience: .milliseconds(20), logger: quiet)
    }

    private var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    private func serve(_ publisher: LimitSetPublisher, port: UInt16, _ body: () async throws -> Void) async throws {
        let server = DiscoveryServer(
            configuration: DiscoveryConfiguration(address: .tcp(host: "127.0.0.1", port: Int(port))),
            services: [publisher.service], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body()
            group.cancelAll()
        }
    }

    private func follow(
        _ holders: [LimitSetHolder], port: UInt16, _ body: ([LimitSetFollower]) async throws -> Void
    ) async throws {
        let followers = holders.enumerated().map { index, holder in
            LimitSetFollower(
                configuration: .init(host: "127.0.0.1", port: Int(port), identity: "limiter-\(index)"), sets: holder,
                logger: quiet)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for follower in followers { group.addTask { try await follower.run() } }
            try await body(followers)
            group.cancelAll()
        }
    }

    private func holds(_ holder: LimitSetHolder, _ name: String) async -> Bool {
        await holder.waitUntilInstalled(LimitSetHolder.name(of: LimitSetID(name), .open))
    }

    @Test func `whoever is waited for holds the sets, old and new, before routes name them`() async throws {
        let publisher = LimitSetPublisher(logger: quiet)
        let holders = [holder(), holder()]
        let port = try freePort()
        publisher.publish(set("first"))
        try await serve(publisher, port: port) {
            try await follow(holders, port: port) { followers in
                try await eventually("both are synced") { followers.allSatisfy(\.isSynced) }
                #expect(publisher.limiters == ["limiter-0", "limiter-1"])
                for round in 0..<20 {
                    publisher.publish(set("round-\(round)"))
                    await publisher.waitUntilHeld(patience: .seconds(10))
                    for holder in holders {
                        #expect(holder.limiter.installed.contains(LimitSetID("round-\(round)/open")))
                    }
                }
                publisher.publish([:], retiring: [LimitSetID("first")])
                await publisher.waitUntilHeld(patience: .seconds(10))
                // A proxy that has not heard of the change may still name it.
                #expect(await holds(holders[0], "first"))
            }
        }
    }

    @Test func `a limiter keeps what it has while the controller is away, and catches up`() async throws {
        let holder = holder()
        let port = try freePort()
        try await follow([holder], port: port) { followers in
            let publisher = LimitSetPublisher(logger: quiet)
            try await serve(publisher, port: port) {
                // Nothing is complete before the first publication.
                try await eventually("the limiter follows") { publisher.limiters.count == 1 }
                #expect(!followers[0].isSynced)
                publisher.publish(set("old"))
                try await eventually("it is synced") { followers[0].isSynced }
            }
            #expect(await holds(holder, "old"))
            let next = LimitSetPublisher(logger: quiet)
            next.publish(set("new"))
            try await serve(next, port: port) {
                try await eventually("it has the new one") { await holds(holder, "new") }
                #expect(await holds(holder, "old"))
            }
        }
    }

    @Test func `the controller hears of a limit's first refusal`() async throws {
        let publisher = LimitSetPublisher(logger: quiet)
        let holder = holder()
        let port = try freePort()
        publisher.publish(set("tight", 0))
        try await serve(publisher, port: port) {
            try await follow([holder], port: port) { followers in
                try await eventually("it is synced") { followers[0].isSynced }
                let request = LimitedRequest(clientAddress: nil, method: "GET", host: "", path: "/")
                _ = await holder.limiter.decide(request, by: LimitSetID("tight/open"))
                let first = await publisher.firstRefusals.first { _ in true }
                #expect(first?.limit == "tight")
            }
        }
    }

    @Test func `the service answers over gRPC, and refuses what it does not know`() async throws {
        let holder = holder()
        holder.install(set("one"))
        let port = try freePort()
        let server = try LimiterServer(address: .tcp(host: "127.0.0.1", port: Int(port)), sets: holder, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await withGRPCClient(
                transport: .http2NIOPosix(
                    target: .ipv4(address: "127.0.0.1", port: Int(port)), transportSecurity: .plaintext)
            ) { client in
                var options = CallOptions.defaults
                options.waitForReady = true
                let patient = options
                let service = Envoy_Service_Ratelimit_V3_RateLimitService.Client(wrapping: client)
                func ask(_ set: String, domain: String = "fairway") async throws -> RateLimitResponse {
                    try await service.shouldRateLimit(
                        .with {
                            $0.domain = domain
                            $0.descriptors = [
                                .with {
                                    $0.entries = [
                                        .with { ($0.key, $0.value) = ("set", set) },
                                        .with { ($0.key, $0.value) = ("class", "open") },
                                    ]
                                }
                            ]
                        }, options: patient)
                }
                #expect(try await ask("one").overallCode == .ok)
                let refused = try await ask("one")
                #expect(refused.overallCode == .overLimit)
                #expect(refused.dynamicMetadata.fields["limited_by"]?.stringValue == "n/p/one")
                #expect(refused.dynamicMetadata.fields["status"]?.stringValue == "429")
                await #expect(throws: RPCError.self) { try await ask("unknown") }
                await #expect(throws: RPCError.self) { try await ask("one", domain: "other") }
            }
            group.cancelAll()
        }
    }
}
