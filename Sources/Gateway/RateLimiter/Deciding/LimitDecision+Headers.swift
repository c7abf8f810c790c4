package import TrafficPlan

/// Response headers of draft-ietf-httpapi-ratelimit-headers-10 (structured fields, RFC 9651), and `Retry-After`.
extension LimitDecision {
    /// More limits than this are not told, those with least left first.
    static let mostTold = 8

    /// `RateLimit-Policy: "per-client";q=100;w=60` and `RateLimit: "per-client";r=42;t=12` for the limits that tell their
    /// budget, and `Retry-After` for a refused request. Names in lower case, as HTTP/2 has them.
    ///
    /// `r` is what is left, `t` the seconds until all of it is back.
    package var responseHeaders: [Request.Header] {
        var headers: [Request.Header] = []
        let told = told
        if !told.isEmpty {
            let names = Self.names(of: told)
            headers.append(
                Request.Header(
                    name: "ratelimit-policy", value: zip(told, names).map(Self.policy).joined(separator: ", ")))
            headers.append(
                Request.Header(name: "ratelimit", value: zip(told, names).map(Self.budget).joined(separator: ", ")))
        }
        if let deciding, deciding.definition.answer.tellsRetryAfter, let wait = deciding.budget?.retryAfter {
            headers.append(Request.Header(name: "retry-after", value: String(max(1, Self.seconds(wait)))))
        }
        return headers
    }

    private var told: [Part] {
        let told = parts.filter {
            $0.definition.mode == .enforce && $0.budget != nil && $0.definition.answer.tellsBudget
        }
        guard told.count > Self.mostTold else { return told }
        return Array(told.sorted { ($0.budget?.remaining ?? 0) < ($1.budget?.remaining ?? 0) }.prefix(Self.mostTold))
    }

    private static func policy(_ part: Part, _ name: String) -> String {
        guard let allowance = part.allowance else { return name }
        return "\(name);q=\(allowance.requests);w=\(allowance.period.seconds)"
    }

    private static func budget(_ part: Part, _ name: String) -> String {
        guard let budget = part.budget else { return name }
        return "\(name);r=\(max(0, budget.remaining));t=\(seconds(budget.resetAfter))"
    }

    /// The limit's name; with the policy's in front where two have the same.
    private static func names(of parts: [Part]) -> [String] {
        let short = parts.map(\.definition.name.limit)
        return parts.map { part in
            let name = part.definition.name
            let isAlone = short.count { $0 == name.limit } == 1
            return quoted(isAlone ? name.limit : "\(name.namespace)/\(name.policy)/\(name.limit)")
        }
    }

    /// A string of RFC 9651, section 3.3.3: printable ASCII only.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case " "..."~": out.unicodeScalars.append(scalar)
            default: out += "?"
            }
        }
        return out + "\""
    }

    /// Rounded up.
    private static func seconds(_ nanoseconds: Int64) -> Int64 {
        nanoseconds <= 0 ? 0 : (nanoseconds - 1) / 1_000_000_000 + 1
    }
}
