import KubernetesModel
import TestSupport
import Testing

extension PolicyObjectTests {
    /// Whose word on the client's address is taken. A ClientPolicy is for the whole gateway, so each test has its own.
    @Suite(
        .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
        .serialized, .timeLimit(.minutes(3)))
    struct Clients {
        private static let host = "clients.limits.test"
        private static let perClient = Manifest.limits(
            "clients", on: "clients",
            [["name": "clients", "key": [["type": "ClientAddress"]], "allow": ["requests": 2, "per": "Day"]]])

        private static func gateway(
            with policy: JSONValue?, _ body: @escaping @Sendable (Gateway) async throws -> Void
        ) async throws {
            let objects = [Manifest.way("clients", from: host)] + (policy.map { [$0] } ?? [])
            try await Gateway.start(services: ["api"], objects: objects) { gateway in
                try await gateway.put(perClient)
                try await body(gateway)
            }
        }

        @Test func `Trusted hops say who the client is; without them nobody's header does`() async throws {
            let hops = Manifest.clients("hops", ["clientAddress": ["trustedHops": 1]])
            try await Self.gateway(with: hops) { gateway in
                func passed(_ forwarded: String) async throws -> Int {
                    try await gateway.untilRefused(Self.host) { _ in [("x-forwarded-for", forwarded)] }.passed
                }
                #expect(try await passed("192.0.2.1") == 2)
                #expect(try await passed("192.0.2.2") == 2)
                // What the client wrote stands before what the hop appended.
                #expect(try await passed("198.51.100.1, 192.0.2.1") == 0)
                #expect(try await passed("2001:db8:1:2::1") == 2)
                #expect(try await passed("2001:db8:1:2:ffff::1") == 0)

                try await gateway.fairway.delete("clientpolicy", "hops")
                // The listener is replaced; what a header says counts no more.
                try await eventually("the connection is the client", every: .milliseconds(100)) {
                    _ = try await gateway.get(Self.host, headers: [("x-forwarded-for", "203.0.113.200")])
                    return gateway.fairway.log.contains(#""client":"127.0.0.1""#)
                }
            }
        }

        @Test func `PROXY protocol tells the client where it is required, and nothing else comes in`() async throws {
            try await Self.gateway(with: nil) { gateway in
                try await gateway.put(Manifest.clients("preface", ["proxyProtocol": ["mode": "Required"]]))
                try await eventually("a preface is understood", every: .milliseconds(100)) {
                    try await gateway.raw("PROXY TCP4 203.0.113.1 192.0.2.9 1111 80\r\n", Self.host) == "200"
                }
                func answers(_ client: String) async throws -> [String] {
                    var answers: [String] = []
                    for port in 1..<4 {
                        answers.append(
                            try await gateway.raw(
                                "PROXY TCP4 \(client) 192.0.2.9 \(port) 80\r\n", Self.host,
                                forwarded: "198.51.100.\(port)"))
                    }
                    return answers
                }
                #expect(try await answers("203.0.113.7") == ["200", "200", "429"])
                #expect(try await answers("203.0.113.8") == ["200", "200", "429"])
                #expect(try await gateway.raw("", Self.host) == "")
            }
        }

        @Test func `The oldest ClientPolicy speaks for the gateway, and another says so`() async throws {
            try await Self.gateway(with: Manifest.clients("older", ["clientAddress": ["trustedHops": 1]])) { gateway in
                try await gateway.fairway.apply([Manifest.clients("other", ["proxyProtocol": ["mode": "Required"]])])
                let other = try await gateway.expect("other", kind: "clientpolicy") { $0["Conflicted"]?.holds == true }
                #expect(other["Accepted"]?.reason == "Conflicted")
                #expect(other["Conflicted"]?.message.contains("default/older is older") == true)
                #expect(try await gateway.get(Self.host).status == 200)
            }
        }
    }
}

extension Gateway {
    /// The status of the answer to a request behind the bytes of `preface`; nothing where the connection is closed.
    func raw(_ preface: String, _ host: String, forwarded: String? = nil) async throws -> String {
        try await RawConnection.open(port: fairway.httpPort) { raw in
            let header = forwarded.map { "X-Forwarded-For: \($0)\r\n" } ?? ""
            try await raw.write(preface + "GET / HTTP/1.1\r\nHost: \(host)\r\n\(header)Connection: close\r\n\r\n")
            return String(try await raw.readToEnd().dropFirst(9).prefix(3))
        }
    }
}
