import Foundation
import NIOHTTP1
import NetTypes
import RateLimiter
import TestSupport
import Testing
import TrafficPlan

/// Limits that the limiter holds, through a real Envoy.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
struct `Global limits` {
    @Test func `what passes equals the allowance, over two proxies at once`() async throws {
        try await LimitRig.run(LimitRig.Options(proxies: 2)) { rig in
            try await rig.serve([.sample("all", 100)])
            #expect(try await rig.passed(480) == 100)
        }
    }

    @Test func `each field of a request is a key of its own, and a missing one is counted too`() async throws {
        try await LimitRig.run { rig in
            func limit(_ source: KeyPart.Source) -> RateLimit { .sample("k", 1, key: [KeyPart(source)]) }
            /// Two requests that differ in the part, and one that lacks it where that can be.
            let cases: [(KeyPart.Source, [(target: String, headers: [(String, String)], method: String)])] = [
                (.header("x-key"), [("/", [("X-Key", "a")], "GET"), ("/", [("x-key", "b")], "GET"), ("/", [], "GET")]),
                (
                    .cookie("sid"),
                    [("/", [("cookie", "x=1; sid=a")], "GET"), ("/", [("cookie", "sid=b")], "GET"), ("/", [], "GET")]
                ),
                (.queryParameter("q"), [("/?q=a", [], "GET"), ("/?q=b&x", [], "GET"), ("/?x", [], "GET")]),
                (.method, [("/", [], "GET"), ("/", [], "PUT")]),
                (.path, [("/a?x", [], "GET"), ("/b", [], "GET")]),
                (.pathSegment(1), [("/a/b/c", [], "GET"), ("/a/c", [], "GET"), ("/a", [], "GET")]),
            ]
            for (index, (source, requests)) in cases.enumerated() {
                let host = "k\(index).example"
                try await rig.serve([limit(source)], on: host)
                for (place, request) in requests.enumerated() {
                    let found = try await rig.statuses(
                        2, request.target, host: host, headers: request.headers, method: request.method)
                    #expect(found == [200, 429], "\(source) \(place)")
                }
            }
        }
    }

    @Test func `a host is one key however it is written`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("host", 3, key: [KeyPart(.host)])])
            var found: [Int] = []
            for host in ["limits.example", "LIMITS.example", "limits.example:80", "limits.example."] {
                found.append(try await rig.get(host: host).status)
            }
            #expect(found == [200, 200, 200, 429])
        }
    }

    @Test func `nobody becomes another client by writing headers`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("client", 2, key: [KeyPart(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))])])
            var found: [Int] = []
            for index in 1...5 {
                let lies = [
                    ("x-forwarded-for", "192.0.2.\(index)"), ("x-real-ip", "192.0.2.\(index)"),
                    ("forwarded", "for=192.0.2.\(index)"), ("x-envoy-external-address", "192.0.2.\(index)"),
                ]
                found.append(try await rig.get(headers: lies).status)
            }
            #expect(found == [200, 200, 429, 429, 429])
        }
    }

    @Test func `a refusal says what its limit says`() async throws {
        try await LimitRig.run { rig in
            for (index, status) in [400, 403, 429, 503, 599].enumerated() {
                let host = "a\(index).example"
                let answer = LimitAnswer(
                    status: UInt16(status), body: "{\"code\": \(status)}", contentType: "application/json",
                    headers: [.init(name: "x-why", value: "50% off"), .init(name: "x-other", value: "1")])
                try await rig.serve([.sample("a\(index)", 1, answer: answer)], on: host)
                let first = try await rig.get(host: host)
                #expect(first.status == 200)
                #expect(first.headers["ratelimit"].first?.hasPrefix("\"a\(index)\";r=0;t=") == true)
                #expect(first.headers["ratelimit-policy"] == ["\"a\(index)\";q=1;w=2592000"])
                let refused = try await rig.get(host: host)
                #expect(refused.status == status)
                #expect(refused.body == "{\"code\": \(status)}")
                #expect(refused.headers["content-type"] == ["application/json"])
                #expect(refused.headers["x-why"] == ["50% off"])
                #expect(refused.headers["x-other"] == ["1"])
                #expect(Int(refused.headers["retry-after"].first ?? "") ?? 0 > 0)
                #expect(refused.headers["x-envoy-ratelimited"].isEmpty)
            }
            let quiet = LimitAnswer(tellsBudget: false, tellsRetryAfter: false)
            try await rig.serve([.sample("quiet", 0, answer: quiet)])
            let refused = try await rig.get()
            #expect(refused.status == 429)
            #expect(refused.body.isEmpty)
            #expect(refused.headers["ratelimit"].isEmpty && refused.headers["retry-after"].isEmpty)
        }
    }

    @Test func `a gRPC client hears RESOURCE_EXHAUSTED`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("grpc", 0, answer: LimitAnswer(status: 503, body: "slow down"))])
            let answer = try await HTTP2Connection.open(port: rig.proxies[0].port) { connection in
                try await connection.send(
                    "POST", "/echo.Echo/Say", host: LimitRig.host,
                    headers: [("content-type", "application/grpc"), ("te", "trailers")])
            }
            #expect(answer.answer.status == 200)
            #expect(answer.answer.headers["grpc-status"] == ["8"])
            #expect(answer.answer.headers["grpc-message"] == ["slow down"])
        }
    }

    @Test func `costs come from the request, or from the answer afterwards`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("fixed", 10, cost: .fixed(4))], on: "fixed.example")
            #expect(try await rig.statuses(3, host: "fixed.example") == [200, 200, 429])
            let asked = HeaderCost(name: "x-units", otherwise: 5, max: 6)
            try await rig.serve([.sample("asked", 12, cost: .requestHeader(asked))], on: "asked.example")
            #expect(try await rig.get(host: "asked.example", headers: [("x-units", "900")]).status == 200)
            #expect(try await rig.get(host: "asked.example").status == 200)
            #expect(try await rig.get(host: "asked.example", headers: [("x-units", "2")]).status == 429)
            #expect(try await rig.get(host: "asked.example", headers: [("x-units", "1")]).status == 200)
            let told = HeaderCost(name: "x-cost", otherwise: 1, max: 100)
            try await rig.serve([.sample("told", 10, cost: .responseHeader(told))], on: "told.example")
            // A refusal would cost something itself, were it charged.
            #expect(try await rig.get("/?header=x-cost:25", host: "told.example").status == 200)
            try await eventually("the answer's cost is charged") {
                try await rig.get(host: "told.example").status == 429
            }
            let left = await rig.limiter.snapshot().first { $0.limit == "told" }?.hotKeys.first?.remaining
            _ = try await rig.statuses(3, host: "told.example")
            let after = await rig.limiter.snapshot().first { $0.limit == "told" }?.hotKeys.first?.remaining
            #expect(left == after)
        }
    }

    @Test func `a shadow limit refuses nothing and is written into the access log`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("dark", 1, mode: .shadow), .sample("hard", 3)])
            #expect(try await rig.statuses(4) == [200, 200, 200, 429])
            let log = rig.proxies[0].accessLog
            try await eventually("the access log names both") {
                log.contains("\"shadowed_by\":\"test/policy/dark\"")
                    && log.contains("\"limited_by\":\"test/policy/hard\"")
            }
        }
    }
}
