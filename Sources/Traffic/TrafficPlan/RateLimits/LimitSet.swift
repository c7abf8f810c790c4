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

    package init(limits: [RateLimit]) {
        self.limits = limits.sorted { $0.name < $1.name }
    }
}
