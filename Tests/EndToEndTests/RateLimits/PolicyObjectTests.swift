import KubernetesModel
import NIOHTTP1
import TestSupport
import Testing

/// Policies as users write them: objects of the API, through a whole gateway.
enum PolicyObjectTests {}

extension PolicyObjectTests {
    @Suite(
        .gateway(services: ["api", "other"]), .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
        .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(3)))
    struct Objects {
        @Test func `Attaching, editing and removing a policy cuts nothing and changes no listener`() async throws {
            let gateway = try Gateway.current
            let (host, port) = ("churn.limits.test", gateway.fairway.httpPort)
            try await gateway.serve([Manifest.way("churn", from: host)], until: host)
            let listeners = try await gateway.listenerChanges()
            try await WebSocketConnection.open(port: port, host: host) { socket in
                try await HTTPConnection.open(port: port) { stream in
                    try await stream.begin("GET", "/sse?count=100000&interval=20ms", host: host)
                    try await stream.end()
                    func stillOpen(_ step: String) async throws {
                        #expect(try await socket.echo(step) == step)
                        for _ in 0..<3 { #expect(try await stream.nextPart() != nil) }
                    }
                    try await stillOpen("before")
                    for requests in [Int64(2), 3] {
                        try await gateway.put(
                            Manifest.limits(
                                "churn", on: "churn",
                                [
                                    [
                                        "name": .string("churn-\(requests)"),
                                        "allow": ["requests": .integer(requests), "per": "Day"],
                                    ]
                                ]
                            ))
                        try await stillOpen("with \(requests)")
                        #expect(try await gateway.untilRefused(host).passed == Int(requests))
                    }
                    try await gateway.fairway.delete("ratelimitpolicy", "churn")
                    try await gateway.wait(host)
                    try await stillOpen("after")
                }
            }
            #expect(try await gateway.listenerChanges() == listeners)
        }

        @Test func `A limit that bites is told by an Event, the access log, metrics and the commands, and lifted`()
            async throws
        {
            let gateway = try Gateway.current
            let host = "seen.limits.test"
            try await gateway.serve([Manifest.way("seen", from: host)], until: host)
            try await gateway.put(
                Manifest.limits(
                    "seen", on: "seen",
                    [
                        [
                            "name": "seen-limit", "key": [["type": "ClientAddress"]],
                            "allow": ["requests": 2, "per": "Day"],
                            "answer": [
                                "status": 503, "body": "later\n", "headers": [["name": "x-why", "value": "limit"]],
                            ],
                        ]
                    ]))
            #expect(try await gateway.get(host).status == 200)
            #expect(try await gateway.get(host).status == 200)
            // Nothing that a client writes makes another client of it.
            for forwarded in ["198.51.100.1", "127.0.0.1, 10.0.0.1"] {
                let spoofed = try await gateway.get(
                    host, headers: [("x-forwarded-for", forwarded), ("x-real-ip", forwarded)])
                #expect(spoofed.status == 503 && spoofed.body == "later\n")
                #expect(spoofed.headers.first(name: "x-why") == "limit")
                #expect(spoofed.headers.first(name: "ratelimit-policy") == #""seen-limit";q=2;w=86400"#)
                #expect(spoofed.headers.contains(name: "retry-after"))
            }

            try await eventually("the access log gives the reason") {
                gateway.fairway.log.contains(#""limited_by":"default/seen/seen-limit""#)
            }
            try await eventually("an Event tells it", every: .milliseconds(200)) {
                try await gateway.fairway.kubectl(
                    "get", "events", "--field-selector", "involvedObject.name=seen,reason=LimitReached"
                ).contains("limit seen-limit was exceeded for the first time")
            }
            #expect(try await gateway.decisions("allowed", of: "seen-limit") == 2)
            #expect(try await gateway.decisions("limited", of: "seen-limit") == 2)
            let explained = try await gateway.fairway.fairway("explain", "http://\(host)/", "--from", "127.0.0.1")
            #expect(explained.contains("▸ default/seen/seen-limit: 2 per day"))
            #expect(explained.contains("from RateLimitPolicy default/seen spec.limits[0]"))

            let listed = try await gateway.fairway.fairway("limits", "--policy", "default/seen")
            #expect(listed.contains("seen-limit") && listed.contains("127.0.0.1"))
            try await gateway.fairway.fairway("limits", "lift", "default/seen", "seen-limit", "127.0.0.1")
            #expect(try await gateway.get(host).status == 200)
        }

        @Test func `A header left out counts as a value of its own`() async throws {
            let gateway = try Gateway.current
            let host = "omission.limits.test"
            try await gateway.serve([Manifest.way("omission", from: host)], until: host)
            try await gateway.put(
                Manifest.limits(
                    "omission", on: "omission",
                    [
                        [
                            "name": "omission", "key": [["type": "Header", "name": "x-api-key"]],
                            "allow": ["requests": 2, "per": "Day"],
                        ]
                    ]))
            #expect(try await gateway.untilRefused(host) { _ in [("x-api-key", "a")] }.passed == 2)
            #expect(try await gateway.untilRefused(host).passed == 2)
            #expect(try await gateway.untilRefused(host) { _ in [("x-api-key", "")] }.passed == 2)
        }

        @Test func `No stretch of time has more than the burst and what it refills`() async throws {
            let gateway = try Gateway.current
            let host = "edge.limits.test"
            try await gateway.serve([Manifest.way("edge", from: host)], until: host)
            try await gateway.put(
                Manifest.limits(
                    "edge", on: "edge", [["name": "edge", "allow": ["requests": 5, "per": "Second", "burst": 3]]]))
            let clock = ContinuousClock()
            let start = clock.now
            let passed = try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
                var passed: [(sent: Duration, answered: Duration)] = []
                // Over the edge of at least two seconds, wherever one would draw it.
                while clock.now - start < .milliseconds(2500) {
                    let sent = clock.now - start
                    let answer = try await connection.send("GET", "/", host: host)
                    if answer.status == 200 { passed.append((sent, clock.now - start)) }
                }
                return passed
            }
            #expect(passed.count >= 3)
            for (first, one) in passed.enumerated() {
                for (last, other) in passed.enumerated() where last >= first {
                    let seconds = (other.answered - one.sent) / .seconds(1)
                    #expect(Double(last - first + 1) <= 3 + seconds * 5 + 0.01)
                }
            }
        }

        @Test func `The API refuses what makes no sense, with the field and the reason`() async throws {
            let gateway = try Gateway.current
            func refusal(_ limits: JSONValue) async -> String {
                do {
                    try await gateway.fairway.apply([Manifest.limits("senseless", on: "nowhere", limits)])
                    return ""
                } catch { return "\(error)" }
            }
            let allow: JSONValue = ["requests": 1, "per": "Minute"]
            let twice = await refusal([["name": "a", "allow": allow], ["name": "a", "allow": allow]])
            #expect(twice.contains("spec.limits[1]: Duplicate value"))
            let alone = await refusal([
                ["name": "a", "allow": allow, "scope": "PerProxy", "cost": ["requestHeader": ["name": "x"]]]
            ])
            #expect(alone.contains("a cost from a header needs scope Global"))
            #expect(
                await refusal([["name": "a", "allow": allow, "cost": ["fixed": 2]]]).contains("no request could ever"))
            #expect(await refusal([["name": "a", "alow": allow]]).contains("unknown field"))
        }
    }
}

extension Gateway {
    /// How often Envoy has added, changed or removed a listener.
    func listenerChanges() async throws -> [String] {
        let text = try await HTTPConnection.open(port: fairway.adminPort) { connection in
            try await connection.send("GET", "/metrics", host: "localhost").body
        }
        return text.split(separator: "\n").filter { line in
            ["lds_version", "listener_added", "listener_modified", "listener_removed"].contains {
                line.hasPrefix("envoy_listener_manager_\($0)")
            }
        }.map(String.init)
    }
}
