/// A hash of a limit set's content. A proxy names the set it was configured with, and a limiter keeps every set that a
/// proxy may still name, so that the two cannot disagree about what a request means while a change rolls out.
package struct LimitSetID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func < (a: LimitSetID, b: LimitSetID) -> Bool { a.text < b.text }
}

/// Every limit that holds for the requests of a route, sorted by name.
package struct LimitSet: Hashable, Sendable {
    package var limits: [RateLimit]
    /// Limits of policies on the same way that do not hold, or not with all they say; sorted, only told, never counted.
    package var replaced: [ReplacedLimit]

    package init(limits: [RateLimit], replaced: [ReplacedLimit] = []) {
        self.limits = limits.sorted { $0.name < $1.name }
        self.replaced = replaced.sorted()
    }
}

/// A limit in whose place, or in the place of whose answer, another's holds.
package struct ReplacedLimit: Hashable, Sendable, Codable {
    package enum Reason: String, Hashable, Sendable, Codable {
        /// The other is attached to something narrower, and this one is a default.
        case narrower
        /// The other is attached to something wider, as an override.
        case override
        /// Both are attached to the same thing, and the other's policy is older.
        case older
        /// Both hold, and each proxy by itself gives the other's answer for both.
        case answer
    }

    package var name: RateLimitName
    package var by: RateLimitName
    package var reason: Reason
    package var origin: Origin

    package init(name: RateLimitName, by: RateLimitName, reason: Reason, origin: Origin) {
        self.name = name
        self.by = by
        self.reason = reason
        self.origin = origin
    }
}

extension ReplacedLimit: Comparable {
    package static func < (a: ReplacedLimit, b: ReplacedLimit) -> Bool {
        if a.name != b.name { return a.name < b.name }
        return a.by == b.by ? a.reason.rawValue < b.reason.rawValue : a.by < b.by
    }
}
