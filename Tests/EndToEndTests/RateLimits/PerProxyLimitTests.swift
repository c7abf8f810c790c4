import Foundation
import NIOHTTP1
import NetTypes
import TestSupport
import Testing
import TrafficPlan

/// Limits that each proxy holds by itself, through a real Envoy.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
struct `Limits of each proxy` {
    @Test func `each proxy has the whole allowance`() async throws {
        try await LimitRig.run(LimitRig.Options(proxies: 2)) { rig in
            try await rig.serve([.sample("all", 50, scope: .perProxy)])
            #expect(try await rig.passed(320) == 100)
        }
    }

    @Test func `tokens come back evenly, with no doubling at a window's edge`() async throws {
        try await LimitRig.run { rig in
            var limit = RateLimit.sample("all", 10, per: .second, scope: .perProxy)
            limit.allowance.burst = 1
            try await rig.serve([limit])
            let clock = ContinuousClock()
            let start = clock.now
            var passed = 0
            while clock.now - start < .seconds(2) { passed += try await rig.statuses(5).count { $0 == 200 } }
            let seconds = (clock.now - start) / .seconds(1)
            #expect(Double(passed) <= 1 + 10 * seconds + 1)
            #expect(Double(passed) >= 10 * seconds - 4)
        }
    }

    @Test func `each part is a key of its own, and a missing or empty one is counted too`() async throws {
        try await LimitRig.run { rig in
            let cases: [(KeyPart.Source, [(target: String, headers: [(String, String)], method: String)])] = [
                (
                    .header("x-key"),
                    [
                        ("/", [("X-Key", "a")], "GET"), ("/", [("x-key", "b")], "GET"), ("/", [], "GET"),
                        ("/", [("x-key", "")], "GET"),
                    ]
                ),
                (
                    .cookie("sid"),
                    [
                        ("/", [("cookie", "x=1; sid=a")], "GET"), ("/", [("cookie", "sid=b; xsid=a")], "GET"),
                        ("/", [], "GET"),
                    ]
                ),
                (.queryParameter("q"), [("/?q=a", [], "GET"), ("/?q=b&x", [], "GET"), ("/?x", [], "GET")]),
                (.method, [("/", [], "GET"), ("/", [], "PUT")]),
                (.path, [("/a?x", [], "GET"), ("/b", [], "GET")]),
                (.pathSegment(1), [("/a/b/c", [], "GET"), ("/a/c?d", [], "GET"), ("/a", [], "GET")]),
                (.clientAddress(ipv4Bits: 24, ipv6Bits: 64), [("/", [("x-forwarded-for", "192.0.2.1")], "GET")]),
            ]
            for (index, (source, requests)) in cases.enumerated() {
                let host = "k\(index).example"
                try await rig.serve([.sample("k", 1, key: [KeyPart(source)], scope: .perProxy)], on: host)
                for (place, request) in requests.enumerated() {
                    let found = try await rig.statuses(
                        2, request.target, host: host, headers: request.headers, method: request.method)
                    #expect(found == [200, 429], "\(source) \(place)")
                }
            }
        }
    }

    @Test func `only requests that meet a condition are counted, and once where several hold`() async throws {
        try await LimitRig.run { rig in
            let conditions = [
                RequestCondition(path: .prefix("/api"), methods: ["POST", "PUT"]),
                RequestCondition(headers: [ValueMatch(name: "x-heavy", test: .exact("yes"))]),
                RequestCondition(hosts: [.wildcard(suffix: "other.example")]),
            ]
            try await rig.serve([.sample("some", 2, conditions: conditions, scope: .perProxy)])
            #expect(try await rig.statuses(3) == [200, 200, 200])
            #expect(try await rig.statuses(3, "/apis", method: "POST") == [200, 200, 200])
            // Both conditions hold, and it is one request.
            let heavy = [("x-heavy", "yes")]
            #expect(try await rig.statuses(3, "/api/x?y", headers: heavy, method: "POST") == [200, 200, 429])
            #expect(try await rig.get("/", headers: heavy).status == 429)
            #expect(try await rig.get("/api", method: "GET").status == 200)

            let queries = [
                RequestCondition(queryParameters: [
                    ValueMatch(name: "expensive", test: .exact("1")), ValueMatch(name: "cheap", test: .absent),
                ])
            ]
            try await rig.serve([.sample("query", 1, conditions: queries, scope: .perProxy)], on: "q.example")
            #expect(try await rig.statuses(3, "/?expensive=1&cheap", host: "q.example") == [200, 200, 200])
            #expect(try await rig.statuses(2, "/?expensive=1", host: "q.example") == [200, 429])
        }
    }

    @Test func `named values have other allowances or none, and partners are exempt`() async throws {
        try await LimitRig.run { rig in
            func plan(_ values: String...) -> [KeyMatch] { [KeyMatch(.header("x-plan"), values: values)] }
            let limit = RateLimit.sample(
                "plans", 1, key: [KeyPart(.header("x-tenant"))],
                allowances: [
                    ConditionalAllowance(
                        name: "gold", matches: plan("gold", "platinum"), allowance: Allowance(requests: 3, per: .month)),
                    ConditionalAllowance(name: "free", matches: plan("unlimited"), allowance: nil),
                    ConditionalAllowance(
                        name: "none", matches: plan("blocked"), allowance: Allowance(requests: 0, per: .day)),
                ],
                exemptions: [[KeyMatch(.header("x-partner"), values: ["p.1"])]], scope: .perProxy)
            try await rig.serve([limit])
            func found(_ count: Int, _ headers: [String: String]) async throws -> [Int] {
                try await rig.statuses(count, headers: headers.map { ($0.key, $0.value) })
            }
            #expect(try await found(2, ["x-tenant": "a"]) == [200, 429])
            #expect(try await found(4, ["x-tenant": "a", "x-plan": "gold"]) == [200, 200, 200, 429])
            #expect(try await found(4, ["x-tenant": "b", "x-plan": "platinum"]) == [200, 200, 200, 429])
            #expect(try await found(5, ["x-tenant": "a", "x-plan": "unlimited"]) == [200, 200, 200, 200, 200])
            #expect(try await found(2, ["x-tenant": "a", "x-plan": "blocked"]) == [429, 429])
            #expect(try await found(3, ["x-tenant": "a", "x-partner": "p.1"]) == [200, 200, 200])
            #expect(try await found(2, ["x-tenant": "a", "x-partner": "px1"]) == [429, 429])
        }
    }

    @Test func `a refusal says what the limit says, a shadow refuses nothing, a cost counts`() async throws {
        try await LimitRig.run { rig in
            for (index, type) in ["application/json", "text/plain"].enumerated() {
                let answer = LimitAnswer(
                    status: 503, body: "{\"a\": \"100%\"}", contentType: type,
                    headers: [.init(name: "x-why", value: "100% used")])
                let host = "t\(index).example"
                try await rig.serve(
                    [
                        .sample("dark", 0, scope: .perProxy, mode: .shadow, answer: answer),
                        .sample("hard", 5, cost: .fixed(3), scope: .perProxy, answer: answer),
                    ], on: host)
                #expect(try await rig.get(host: host).status == 200)
                let refused = try await rig.get(host: host)
                #expect(refused.status == 503)
                #expect(refused.body == "{\"a\": \"100%\"}")
                #expect(refused.headers["content-type"] == [type])
                #expect(refused.headers["x-why"] == ["100% used"])
                #expect(Int(refused.headers["retry-after"].first ?? "") ?? 0 > 0)
                #expect(refused.headers["x-ratelimit-limit"].count == 1)
            }
        }
    }
}
