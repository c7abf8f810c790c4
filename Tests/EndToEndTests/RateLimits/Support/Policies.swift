import Foundation
import KubernetesModel
import TestSupport

/// What a policy says of itself at its first target.
struct PolicyConditions: Sendable, CustomStringConvertible {
    struct Condition: Sendable {
        var holds: Bool
        var reason: String
        var message: String
    }

    var byType: [String: Condition] = [:]
    /// All of them are about the policy as it is now.
    var areCurrent = true

    subscript(type: String) -> Condition? { byType[type] }

    init(_ policy: JSONValue) {
        let generation = policy[path: "metadata", "generation"]
        for condition in policy[path: "status", "ancestors"]?.array?.first?["conditions"]?.array ?? [] {
            byType[condition["type"]?.string ?? ""] = Condition(
                holds: condition["status"]?.string == "True", reason: condition["reason"]?.string ?? "",
                message: condition["message"]?.string ?? "")
            if condition["observedGeneration"] != generation { areCurrent = false }
        }
    }

    var description: String {
        byType.sorted { $0.key < $1.key }.map { "\($0) \($1.holds) \($1.reason) \($1.message)" }
            .joined(separator: "\n")
    }
}

extension Gateway {
    /// Waits until a policy's status, written for its present form, is as `condition` asks.
    @discardableResult
    func expect(
        _ policy: String, kind: String = "ratelimitpolicy", is condition: (PolicyConditions) -> Bool
    ) async throws -> PolicyConditions {
        var last = "nothing"
        do {
            return try await eventually("the status of \(policy)", every: .milliseconds(100)) {
                let text = try await fairway.kubectl("get", kind, policy, "-o", "json")
                let now = PolicyConditions(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
                last = now.description
                return !now.byType.isEmpty && now.areCurrent && condition(now) ? now : nil
            }
        } catch let error as DeadlineExceeded {
            throw NeverAnswered(error: error, last: last, log: "")
        }
    }

    /// Applies a policy and waits until proxies have it.
    func put(_ policy: JSONValue) async throws {
        try await fairway.apply([policy])
        try await expect(
            policy[path: "metadata", "name"]?.string ?? "",
            kind: policy["kind"]?.string?.lowercased() ?? ""
        ) { $0["Programmed"]?.holds == true }
    }

    /// Applies a file of `Examples/rate-limits` as it is.
    func putExample(_ name: String, kind: String = "ratelimitpolicy", policy: String? = nil) async throws {
        try await fairway.kubectl("apply", "-f", "\(Tool.packageDirectory)/Examples/rate-limits/\(name).yaml")
        try await expect(policy ?? name, kind: kind) { $0["Programmed"]?.holds == true }
    }

    /// Sends requests one after the other on one connection until one is refused.
    /// - Returns: how many passed, how long that took, and the refusal.
    func untilRefused(
        _ host: String, _ target: String = "/", method: String = "GET", most: Int = 400,
        headers: (Int) -> [(String, String)] = { _ in [] }
    ) async throws -> Spent {
        let start = ContinuousClock.now
        return try await HTTPConnection.open(port: fairway.httpPort) { connection in
            for number in 0..<most {
                let answer = try await connection.send(method, target, host: host, headers: headers(number))
                if answer.status == 429 {
                    return Spent(passed: number, seconds: (ContinuousClock.now - start) / .seconds(1), refusal: answer)
                }
                guard answer.status == 200 else { throw UnexpectedAnswer(answer: answer) }
            }
            throw NeverRefused(requests: most)
        }
    }

    struct Spent: Sendable {
        var passed: Int
        var seconds: Double
        var refusal: Answer

        /// Whether a bucket of `burst` that refills at `rate` a second lets just so many pass.
        func fits(burst: Int, rate: Double) -> Bool {
            passed >= burst && Double(passed) <= Double(burst) + seconds * rate + 1
        }
    }

    struct NeverRefused: Error { var requests: Int }
    struct UnexpectedAnswer: Error { var answer: Answer }

    /// A counter of Fairway's own; 0 where it is not there.
    func decisions(_ outcome: String, of limit: String) async throws -> Int {
        let text = try await HTTPConnection.open(port: fairway.adminPort) { connection in
            try await connection.send("GET", "/metrics", host: "localhost").body
        }
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("fairway_ratelimit_decisions_total{") && $0.contains("outcome=\"\(outcome)\"")
                && $0.contains("limit=\"\(limit)\"")
        }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }
}

extension Manifest {
    /// A RateLimitPolicy of the default namespace, attached to an Ingress (or another kind) of a name.
    static func limits(
        _ name: String, on target: String, kind: String = "Ingress", _ limits: JSONValue, under field: String = "limits"
    ) -> JSONValue {
        let reference = Self.target(kind, target)
        let spec: JSONValue =
            field == "limits"
            ? ["targetRefs": [reference], "limits": limits]
            : ["targetRefs": [reference], (field == "overrides" ? "overrides" : "defaults"): ["limits": limits]]
        return object("fairway.dev/v1alpha1", "RateLimitPolicy", name, ["spec": spec])
    }

    /// A ClientPolicy for the whole gateway.
    static func clients(_ name: String, _ settings: [String: JSONValue]) -> JSONValue {
        var spec = settings
        spec["targetRefs"] = [target("IngressClass", "fairway")]
        return object("fairway.dev/v1alpha1", "ClientPolicy", name, ["spec": .object(spec)])
    }

    /// An Ingress of one host, all of whose requests go to one Service.
    static func way(_ name: String, from host: String, to service: String = "api") -> JSONValue {
        ingress(name, [Rule(host, [.prefix("/", service)])])
    }

    private static func target(_ kind: String, _ name: String) -> JSONValue {
        ["group": .string(kind == "Service" ? "" : "networking.k8s.io"), "kind": .string(kind), "name": .string(name)]
    }
}
