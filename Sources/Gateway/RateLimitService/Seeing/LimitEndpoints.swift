import Foundation
package import RateLimiter
package import Telemetry
import TrafficPlan

/// What `fairway limits` asks over the admin port.
package enum LimitEndpoints {
    private static let mostKeys = 100

    /// - Parameter limiter: `nil` where this process does not count.
    package static func all(of limiter: RateLimiter?) -> [AdminEndpoint] {
        guard let limiter else {
            let elsewhere = AdminAnswer.text(
                "limits are counted elsewhere: ask the limiters' admin ports by --admin\n", status: 404)
            return [
                AdminEndpoint(path: "/api/limits") { _ in elsewhere },
                AdminEndpoint(.post, path: "/api/limits/lift") { _ in elsewhere },
            ]
        }
        return [
            AdminEndpoint(path: "/api/limits") { try await list(limiter, $0) },
            AdminEndpoint(.post, path: "/api/limits/lift") { await lift(limiter, $0) },
        ]
    }

    /// `policy` (name, or namespace/name) and `limit` choose; `keys` says how many of each.
    private static func list(_ limiter: RateLimiter, _ request: AdminRequest) async throws -> AdminAnswer {
        let keys = request.value("keys").flatMap { Int($0) } ?? 10
        guard (0...mostKeys).contains(keys) else {
            return .text("keys=\(keys): ask for 0 to \(mostKeys) keys of each limit\n", status: 400)
        }
        var limits = await limiter.snapshot(keys: keys)
        if let policy = request.value("policy") {
            limits.removeAll { $0.policy != policy && "\($0.namespace)/\($0.policy)" != policy }
        }
        if let limit = request.value("limit") { limits.removeAll { $0.limit != limit } }
        guard request.value("format") == "json" else { return .text(LimitTable(limits).description) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return .json(Array(try encoder.encode(limits)))
    }

    /// `policy` (namespace/name), `limit`, and either `id` (of a listed key) or one `value` for each part of the key, in
    /// order; `missing` in place of `value` for a part that requests lack.
    private static func lift(_ limiter: RateLimiter, _ request: AdminRequest) async -> AdminAnswer {
        let policy = (request.value("policy") ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard policy.count == 2, let limit = request.value("limit") else {
            return .text("lift: name a policy as namespace/name, and a limit\n", status: 400)
        }
        let name = RateLimitName(namespace: String(policy[0]), policy: String(policy[1]), limit: limit)
        guard await limiter.knows(name) else {
            return .text("lift: there is no limit \(name) here; `fairway limits` lists them\n", status: 404)
        }
        do throws(CounterFailure) {
            let count: Int
            if let text = request.value("id") {
                guard let key = CounterKey(text) else {
                    return .text("lift: --id \(text): not an id as `fairway limits` shows it\n", status: 400)
                }
                count = try await limiter.lift(name, key: key)
            } else {
                let values = request.query.filter { ["value", "missing"].contains($0.name) }
                    .map { $0.name == "missing" ? nil : $0.value }
                count = try await limiter.lift(name, values: values)
            }
            guard count > 0 else {
                return .text("lift: nothing is used of that key of \(name); its budget is whole\n", status: 404)
            }
            return .text("lifted: that key of \(name) has its whole budget again\n")
        } catch {
            return .text("lift: the counters do not answer (\(error.rawValue)); try again\n", status: 503)
        }
    }
}

extension RateLimiter {
    fileprivate func knows(_ name: RateLimitName) async -> Bool {
        await snapshot(keys: 0).contains { snapshot in
            snapshot.namespace == name.namespace && snapshot.policy == name.policy && snapshot.limit == name.limit
        }
    }
}
