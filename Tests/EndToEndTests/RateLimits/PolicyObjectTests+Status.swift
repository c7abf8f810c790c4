import KubernetesModel
import TestSupport
import Testing

extension PolicyObjectTests {
    /// Several policies on one way, and what each says of itself.
    @Suite(
        .gateway(services: ["api", "narrow", "held", "own"]), .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
        .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(3)))
    struct Status {
        private static func limit(_ name: String, _ requests: Int64) -> JSONValue {
            [["name": .string(name), "allow": ["requests": .integer(requests), "per": "Day"]]]
        }

        @Test func `Of two policies in one place the older holds, and the other says so`() async throws {
            let gateway = try Gateway.current
            let host = "clash.limits.test"
            try await gateway.serve([Manifest.way("clash", from: host)], until: host)
            try await gateway.put(Manifest.limits("clash-b-older", on: "clash", Self.limit("clash", 3)))
            // Creation times are whole seconds; of two policies of one second the first by name would hold.
            let born = ContinuousClock.now
            try await eventually("the second is over") { ContinuousClock.now - born > .milliseconds(1100) }
            try await gateway.fairway.apply([Manifest.limits("clash-a-newer", on: "clash", Self.limit("clash", 9))])

            let beaten = try await gateway.expect("clash-a-newer") { $0["Conflicted"]?.holds == true }
            #expect(beaten["Conflicted"]?.message.contains("default/clash-b-older is older") == true)
            #expect(beaten["Accepted"]?.holds == false && beaten["Accepted"]?.reason == "Conflicted")
            #expect(beaten["Programmed"]?.holds == false)
            #expect(try await gateway.untilRefused(host).passed == 3)
            try await eventually("an Event tells it", every: .milliseconds(200)) {
                try await gateway.fairway.kubectl(
                    "get", "events", "--field-selector", "involvedObject.name=clash-a-newer,reason=PolicyConflict"
                ).contains("default/clash-b-older")
            }

            // Its place is free, so the other takes it.
            try await gateway.fairway.delete("ratelimitpolicy", "clash-b-older")
            let holder = try await gateway.expect("clash-a-newer") { $0["Programmed"]?.holds == true }
            #expect(holder["Conflicted"] == nil && holder["Accepted"]?.holds == true)
            #expect(try await gateway.untilRefused(host).passed == 9)
        }

        @Test func `A narrower limit replaces a default of its name, and others add up`() async throws {
            let gateway = try Gateway.current
            let host = "narrow.limits.test"
            try await gateway.serve([Manifest.way("narrow", from: host, to: "narrow")], until: host)
            try await gateway.put(
                Manifest.limits("narrow-wide", on: "narrow", Self.limit("narrow", 2), under: "defaults"))
            try await gateway.put(Manifest.limits("narrow-other", on: "narrow", Self.limit("narrow-other", 6)))
            try await gateway.put(
                Manifest.limits("narrow-service", on: "narrow", kind: "Service", Self.limit("narrow", 5)))

            let wide = try await gateway.expect("narrow-wide") { $0["Overridden"]?.holds == true }
            #expect(wide["Overridden"]?.message.contains("default/narrow-service replaces limit narrow") == true)
            #expect(wide["Accepted"]?.holds == true)
            #expect(try await gateway.untilRefused(host).passed == 5)
            try await gateway.put(
                Manifest.limits("narrow-service", on: "narrow", kind: "Service", Self.limit("narrow", 100)))
            // The refused ones took nothing of the other budget, so one of its six is left.
            #expect(try await gateway.untilRefused(host).passed == 1)
        }

        @Test func `An override holds against what is narrower`() async throws {
            let gateway = try Gateway.current
            let host = "held.limits.test"
            try await gateway.serve([Manifest.way("held", from: host, to: "held")], until: host)
            try await gateway.put(Manifest.limits("held-wide", on: "held", Self.limit("held", 2), under: "overrides"))
            try await gateway.fairway.apply([
                Manifest.limits("held-service", on: "held", kind: "Service", Self.limit("held", 50))
            ])
            let narrow = try await gateway.expect("held-service") { $0["Overridden"]?.holds == true }
            #expect(narrow["Overridden"]?.message.contains("default/held-wide overrides limit held") == true)
            #expect(try await gateway.untilRefused(host).passed == 2)
        }

        @Test func `A policy for nothing says so, and holds as soon as its target is there`() async throws {
            let gateway = try Gateway.current
            let host = "late.limits.test"
            try await gateway.fairway.apply([Manifest.limits("late", on: "late", Self.limit("late", 1))])
            let lost = try await gateway.expect("late") { $0["Accepted"]?.reason == "TargetNotFound" }
            #expect(lost["Accepted"]?.message == "there is no Ingress default/late")
            #expect(lost["ResolvedRefs"]?.holds == false && lost["Programmed"]?.holds == false)
            try await gateway.fairway.apply([Manifest.way("late", from: host)])
            try await gateway.expect("late") { $0["Programmed"]?.holds == true }
            #expect(try await gateway.untilRefused(host).passed == 1)
        }

        @Test func `Limits of proxies alone share an answer, and the one whose answer is not given says so`()
            async throws
        {
            let gateway = try Gateway.current
            let host = "own.limits.test"
            func limit(_ name: String, _ requests: Int64, _ body: String) -> JSONValue {
                [
                    [
                        "name": .string(name), "scope": "PerProxy",
                        "allow": ["requests": .integer(requests), "per": "Day"], "answer": ["body": .string(body)],
                    ]
                ]
            }
            try await gateway.serve([Manifest.way("own", from: host, to: "own")], until: host)
            try await gateway.put(Manifest.limits("own-first", on: "own", limit("own-first", 100, "first\n")))
            try await gateway.put(Manifest.limits("own-second", on: "own", limit("own-second", 2, "second\n")))

            let second = try await gateway.expect("own-second") { $0["Overridden"]?.holds == true }
            #expect(second["Overridden"]?.message.contains("default/own-first") == true)
            #expect(second["Overridden"]?.message.contains("answer") == true)
            #expect(second["Accepted"]?.holds == true)
            let spent = try await gateway.untilRefused(host)
            #expect(spent.passed == 2 && spent.refusal.body == "first\n")
            #expect(try await gateway.expect("own-first") { $0["Programmed"]?.holds == true }["Overridden"] == nil)
        }
    }
}
