import Foundation
import NetTypes
import TestSupport
import Testing
import TrafficPlan

/// Who the client is, for limits, is what the operator said: the connection, PROXY protocol, or trusted proxies.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
struct `The client's address` {
    private static let perClient = RateLimit.sample(
        "client", 1, key: [KeyPart(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))])

    @Test func `trusted hops: the entry that the last trusted proxy wrote counts`() async throws {
        var client = ClientSettings()
        client.trustedHops = 1
        try await LimitRig.run(LimitRig.Options(client: client)) { rig in
            try await rig.serve([Self.perClient])
            func status(_ forwarded: String) async throws -> Int {
                try await rig.get(headers: [("x-forwarded-for", forwarded)]).status
            }
            #expect(try await status("192.0.2.1") == 200)
            #expect(try await status("192.0.2.1") == 429)
            // What stands before it was written by the client.
            #expect(try await status("198.51.100.7, 192.0.2.1") == 429)
            #expect(try await status("192.0.2.2") == 200)
            // IPv6 counts by its /64.
            #expect(try await status("2001:db8:0:1::1") == 200)
            #expect(try await status("2001:db8:0:1:ffff::2") == 429)
            #expect(try await status("2001:db8:0:2::1") == 200)
        }
    }

    @Test func `trusted addresses: the last entry that is none of them counts`() async throws {
        var client = ClientSettings()
        client.trustedProxies = ["127.0.0.0/8", "10.0.0.0/8"].compactMap { IPPrefix($0) }
        try await LimitRig.run(LimitRig.Options(client: client)) { rig in
            try await rig.serve([Self.perClient])
            func status(_ forwarded: String) async throws -> Int {
                try await rig.get(headers: [("x-forwarded-for", forwarded)]).status
            }
            #expect(try await status("192.0.2.1, 10.1.1.1") == 200)
            #expect(try await status("198.51.100.9, 192.0.2.1, 10.2.2.2, 10.1.1.1") == 429)
            #expect(try await status("192.0.2.1") == 429)
            #expect(try await status("192.0.2.2, 10.1.1.1") == 200)
        }
    }

    @Test func `an untrusted peer is itself, whatever it writes`() async throws {
        var client = ClientSettings()
        client.trustedProxies = ["10.0.0.0/8"].compactMap { IPPrefix($0) }
        try await LimitRig.run(LimitRig.Options(client: client)) { rig in
            try await rig.serve([Self.perClient])
            #expect(try await rig.get(headers: [("x-forwarded-for", "192.0.2.1")]).status == 200)
            #expect(try await rig.get(headers: [("x-forwarded-for", "192.0.2.2")]).status == 429)
        }
    }

    @Test func `PROXY protocol tells the client, and may be required`() async throws {
        for mode in [ClientSettings.ProxyProtocol.required, .optional] {
            var client = ClientSettings()
            client.proxyProtocol = mode
            try await LimitRig.run(LimitRig.Options(client: client, speaksProxyProtocol: mode == .required)) { rig in
                try await rig.serve([Self.perClient])
                func status(_ preface: String) async throws -> String {
                    try await RawConnection.open(port: rig.proxies[0].port) { raw in
                        try await raw.write(
                            preface + "GET / HTTP/1.1\r\nHost: \(LimitRig.host)\r\nConnection: close\r\n\r\n")
                        return String(try await raw.read(through: "\r\n").dropFirst(9).prefix(3))
                    }
                }
                let first = "PROXY TCP4 192.0.2.1 192.0.2.9 1111 80\r\n"
                #expect(try await status(first) == "200")
                #expect(try await status(first) == "429")
                #expect(try await status("PROXY TCP6 2001:db8::1 2001:db8::9 1111 80\r\n") == "200")
                if mode == .optional {
                    #expect(try await status("") == "200")
                    #expect(try await status("") == "429")
                } else {
                    await #expect(throws: (any Error).self) { try await status("") }
                }
            }
        }
    }
}
