import TrafficPlan

/// What a rate limit does with a request, for JSON and for people.
package struct LimitExplanation: Codable, Hashable, Sendable {
    /// A part of the key, with what the request has of it.
    package struct Value: Codable, Hashable, Sendable {
        /// Such as `header x-tenant`.
        package var part: String
        /// `nil` where the request has no such thing, which counts as a value of its own.
        package var value: String?
    }

    /// `namespace/policy/limit`.
    package var name: String
    /// Such as `10 per second for each client address`.
    package var summary: String
    package var counts: Bool
    package var reason: String
    /// Of the budget that is charged.
    package var key: [Value]
    /// Such as `10 per second`, or `unlimited`.
    package var allowance: String?
    /// Named where it is not the limit's ordinary one.
    package var allowanceName: String?
    /// What is charged ahead of the answer.
    package var cost: Int64?
    /// `Global` or `PerProxy`.
    package var scope: String
    /// `Enforce` or `Shadow`.
    package var mode: String
    package var from: ObjectField

    init(_ candidate: Decision.LimitCandidate) {
        let limit = candidate.limit
        name = limit.name.description
        summary = limit.summary
        scope = limit.scope == .global ? "Global" : "PerProxy"
        mode = limit.mode == .enforce ? "Enforce" : "Shadow"
        from = ObjectField(limit.origin)
        key = []
        counts = false
        switch candidate.verdict {
        case .otherRequests:
            reason = "it is for other requests: none of its conditions holds"
        case .exempt(let place):
            reason = "its exemption \(place + 1) of \(limit.exemptions.count) holds"
        case .lacks(let place):
            reason = "the request has no \(limit.key[place].source), which exempts it"
        case .counts(let check):
            counts = true
            key = zip(limit.key, check.values).map { Value(part: $0.source.description, value: $1) }
            allowance = check.allowance?.description ?? "unlimited"
            allowanceName = check.allowanceName
            cost = check.cost
            reason = Self.reason(for: limit, check)
        }
    }

    private static func reason(for limit: RateLimit, _ check: LimitCheck) -> String {
        let budget = check.allowanceName.map { "the budget \($0)" } ?? "its budget"
        let charge =
            switch limit.cost {
            case .responseHeader(let header): "charges what the answer's header \(header.name) says to \(budget)"
            case .fixed, .requestHeader: "charges \(check.cost) to \(budget)"
            }
        guard check.allowance != nil else { return "\(charge), and lets everything pass" }
        return limit.mode == .shadow ? "\(charge), and only tells what it would refuse" : charge
    }

    var lines: [String] {
        var lines = ["\(counts ? "▸" : "·") \(name): \(summary)", "    \(reason)"]
        lines += key.map { "    \($0.part): \($0.value ?? "none, which counts as a value of its own")" }
        if let allowanceName, let allowance { lines.append("    \(allowanceName): \(allowance)") }
        lines.append("    from \(from)")
        return lines
    }
}

/// A limit that does not hold here, or not with its own answer, for another does.
package struct ReplacedLimitExplanation: Codable, Hashable, Sendable {
    /// Both `namespace/policy/limit`.
    package var name: String
    package var by: String
    /// `narrower`, `override`, `older`, or `answer`: it holds, but is answered as the other.
    package var reason: String
    package var from: ObjectField
    private let words: String

    private enum CodingKeys: String, CodingKey {
        case name, by, reason, from
        case words = "description"
    }

    init(_ replaced: ReplacedLimit) {
        name = replaced.name.description
        by = replaced.by.description
        reason = replaced.reason.rawValue
        from = ObjectField(replaced.origin)
        words = replaced.description
    }

    var lines: [String] { ["· \(words)", "    from \(from)"] }
}
