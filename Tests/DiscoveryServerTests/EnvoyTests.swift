import DiscoveryProtocol
import DiscoveryServer
import Foundation
import TLSMaterial
import TestSupport
import Testing

/// The protocol against the real Envoy.
@Suite(.serialized, .enabled(if: Tool.envoy.isWanted, "needs envoy: run Scripts/install-tools"))
struct EnvoyTests {
    private func basicSet(_ fixture: EnvoyFixture, listenerPort: UInt16? = nil) throws -> ResourceChange {
        var change = ResourceChange(upserts: [
            try Resources.listener("http", port: listenerPort ?? fixture.port, table: "web"),
            try Resources.table("web"),
        ])
        for (name, port) in fixture.backends {
            change.upserts += [try Resources.cluster(name), try Resources.endpoints(name, port)]
            change.parts[ResourceName(.routeConfiguration, "web"), default: [:]]["\(name).example"] =
                try Resources.host("\(name).example", to: name)
        }
        return change
    }

    private func start(_ server: DiscoveryServer, _ change: ResourceChange) async throws {
        server.publish(change)
        server.markSynced()
        try await settled(server)
    }

    private func settled(_ server: DiscoveryServer) async throws {
        try await eventually("the proxy holds \(server.fleet)") { server.fleet.isCurrent }
    }

    @Test func `Envoy connects, becomes current, and serves`() async throws {
        try await EnvoyFixture.with { fixture in
            try await fixture.serving { server in
                try await start(server, try basicSet(fixture))
                #expect(await fixture.get("one.example").body == "one")
                #expect(await fixture.get("two.example").body == "two")
                #expect(await fixture.get("three.example").status == 404)
                let proxy = try #require(server.fleet.proxies.first)
                #expect(proxy.node?.id == "test-proxy")
                #expect(proxy.node?.version.hasPrefix("1.") == true)
                let attributes = try FileManager.default.attributesOfItem(atPath: fixture.socket)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    @Test func `routes move to new clusters under load without a failed request`() async throws {
        try await EnvoyFixture.with { fixture in
            try await fixture.serving(limits: shortGrace) { server in
                try await start(server, try basicSet(fixture))
                let load = SteadyLoad()
                try await load.during(request: { await fixture.get("one.example") }) {
                    try await moveRoute(server, fixture, rounds: 40)
                }
                #expect(load.failures == [])
                #expect(load.requests > 200)
                try await eventually("unused clusters are gone") {
                    try await fixture.statistic("cluster_manager.active_clusters") == 3
                }
            }
        }
    }

    private var shortGrace: ProxySession.Limits {
        var limits = ProxySession.Limits()
        limits.removalGrace = .milliseconds(100)
        return limits
    }

    /// Each round moves the host to a cluster that did not exist before, and removes the one before that.
    private func moveRoute(_ server: DiscoveryServer, _ fixture: EnvoyFixture, rounds: Int) async throws {
        let ports = fixture.backends.values.sorted()
        for round in 0..<rounds {
            let name = "moving-\(round)"
            var change = ResourceChange.parts(["one.example": try Resources.host("one.example", to: name)])
            change.upserts = [try Resources.cluster(name), try Resources.endpoints(name, ports[round % 2])]
            if round > 0 {
                change.removals = [
                    .init(.cluster, "moving-\(round - 1)"), .init(.clusterLoadAssignment, "moving-\(round - 1)"),
                ]
            }
            let generation = server.publish(change)
            if round % 3 == 0 { try await server.waitUntilApplied(generation) }
        }
        try await settled(server)
        let change = ResourceChange.parts(["one.example": try Resources.host("one.example", to: "one")])
        server.publish(change)
        server.publish(
            ResourceChange(removals: [
                .init(.cluster, "moving-\(rounds - 1)"), .init(.clusterLoadAssignment, "moving-\(rounds - 1)"),
            ]))
        try await settled(server)
    }

    @Test func `a changed cluster is warm again at once, and no request fails meanwhile`() async throws {
        try await EnvoyFixture.with { fixture in
            try await fixture.serving { server in
                try await start(server, try basicSet(fixture))
                let clock = ContinuousClock()
                let begin = clock.now
                for round in 1...20 {
                    let cluster = try Resources.cluster("one", timeoutMilliseconds: 1000 + Int32(round))
                    let generation = server.publish(ResourceChange(upserts: [cluster]))
                    try await server.waitUntilApplied(generation)
                    #expect(await fixture.get("one.example").body == "one")
                    try await eventually("no cluster is warming", within: .seconds(5), every: .milliseconds(2)) {
                        try await fixture.statistic("cluster_manager.warming_clusters") == 0
                    }
                }
                #expect(clock.now - begin < .seconds(10), "the initial fetch timeout of 15 s must play no part")
            }
        }
    }

    @Test func `a bad virtual host is set aside in Envoy's own words, its neighbours change`() async throws {
        try await EnvoyFixture.with { fixture in
            try await fixture.serving { server in
                try await start(server, try basicSet(fixture))
                var change = ResourceChange.parts([
                    "one.example": try Resources.host("one.example", to: "two"),
                    "bad.example": try Resources.host("bad.example", to: "two", regex: "/a(b"),
                    "two.example": try Resources.host("two.example", to: "one", regex: "*"),
                ])
                change.upserts = [try Resources.endpoints("one", fixture.backends["one"] ?? 0)]
                server.publish(change)
                try await settled(server)
                #expect(await fixture.get("one.example").body == "two")
                #expect(await fixture.get("two.example").body == "two", "its last good form")
                #expect(await fixture.get("bad.example").status == 404)
                let rejections = server.fleet.rejections
                #expect(rejections.map(\.part) == ["bad.example", "two.example"])
                #expect(rejections.map(\.servesLastGood) == [false, true])
                #expect(rejections.allSatisfy { $0.message.contains("missing") || $0.message.contains("repetition") })
                server.publish(.parts(["bad.example": try Resources.host("bad.example", to: "two", regex: "/a(b)")]))
                try await settled(server)
                #expect(await fixture.get("bad.example", path: "/ab").body == "two")
                #expect(server.fleet.rejections.map(\.part) == ["two.example"])
            }
        }
    }

    @Test func `of many new clusters one bad one is named`() async throws {
        try await EnvoyFixture.with { fixture in
            try await fixture.serving { server in
                try await start(server, try basicSet(fixture))
                var change = ResourceChange()
                for index in 0..<10 {
                    // Envoy wants a positive timeout.
                    let timeout: Int32 = index == 6 ? -1 : 1000
                    change.upserts.append(try Resources.cluster("c\(index)", timeoutMilliseconds: timeout))
                    change.upserts.append(try Resources.endpoints("c\(index)", fixture.backends["one"] ?? 0))
                }
                server.publish(change)
                try await settled(server)
                #expect(server.fleet.rejections.map(\.resource.name) == ["c6"])
                #expect(try await fixture.statistic("cluster_manager.active_clusters") == 3 + 9)
            }
        }
    }

    @Test func `a server that restarts with the same set changes nothing, and requests go on`() async throws {
        try await EnvoyFixture.with { fixture in
            let file = fixture.directory + "/last-good"
            let change = try basicSet(fixture)
            try await fixture.serving(lastGoodFile: file) { server in try await start(server, change) }
            #expect(await fixture.get("one.example").body == "one")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let updates = try await fixture.statistic("http.http.rds.web.update_success")
            try await fixture.serving(lastGoodFile: file) { server in
                try await eventually("Envoy reconnects") { !server.fleet.proxies.isEmpty }
                #expect(await fixture.get("one.example").body == "one", "before the wanted set is complete")
                try await start(server, change)
                #expect(try await fixture.statistic("http.http.rds.web.update_success") == updates)
                #expect(try await fixture.statistic("listener_manager.listener_modified") == 0)
                #expect(try await fixture.statistic("cluster_manager.cluster_modified") == 0)
                server.publish(.parts(["one.example": try Resources.host("one.example", to: "two")]))
                try await settled(server)
                #expect(await fixture.get("one.example").body == "two")
            }
        }
    }

    @Test func `handshakes get the narrowest certificate, its renewal, and none that was taken back`() async throws {
        try await EnvoyFixture.with { fixture in
            var limits = ProxySession.Limits()
            limits.coveredNames = 2
            try await fixture.serving(limits: limits) { server in
                var change = try basicSet(fixture)
                change.upserts += [
                    try Resources.listener("https", port: fixture.securePort, table: "web", isTLS: true),
                    try certificate("*"), try certificate("*.shop.example"),
                ]
                change.parts[ResourceName(.routeConfiguration, "web"), default: [:]]["*"] =
                    try Resources.host("*", to: "one")
                try await start(server, change)
                #expect(try await fixture.subject(of: "www.shop.example") == "*.shop.example")
                #expect(try await fixture.subject(of: "stranger.example") == "*")
                #expect(await fixture.getSecurely("www.shop.example").body == "one")
                server.publish(ResourceChange(upserts: [try certificate("www.shop.example")]))
                try await settled(server)
                #expect(try await fixture.subject(of: "www.shop.example") == "www.shop.example")

                // More strangers than are remembered: each gets an answer, also one that was taken back before.
                for name in ["a.example", "b.example", "c.example", "stranger.example", "a.example"] {
                    try await eventually("\(name) gets the default certificate", within: .seconds(5)) {
                        try await fixture.subject(of: name) == "*"
                    }
                }
                let held = server.fleet.proxies.first?.types[.secret]?.held ?? 0
                #expect(held <= 4, "the exact name, the listener's default, and two strangers")

                server.publish(ResourceChange(upserts: [try certificate("www.shop.example", organization: "renewed")]))
                try await settled(server)
                #expect(try await fixture.subject(of: "www.shop.example") == "renewed www.shop.example")
                server.publish(ResourceChange(removals: [ResourceName(.secret, "www.shop.example")]))
                try await settled(server)
                #expect(try await fixture.subject(of: "www.shop.example") == "*.shop.example")
                #expect(try await fixture.statistic("listener_manager.listener_modified") == 0)
            }
        }
    }

    private func certificate(_ name: String, organization: String = "") throws -> DiscoveryResource {
        let request = CertificateRequest(
            commonName: name, organizations: organization.isEmpty ? [] : [organization], dnsNames: [name])
        let issued = try SelfSigned.certificate(request, now: Int64(Date().timeIntervalSince1970))
        return try Resources.secret(name, chain: issued.chain, key: issued.key.text)
    }
}
