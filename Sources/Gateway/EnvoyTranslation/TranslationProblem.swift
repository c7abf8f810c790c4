package import TrafficPlan

/// Something in the plan that Envoy would refuse, and the object it comes from.
package struct TranslationProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var origin: Origin
    /// What is wrong and what to do, one line.
    package var message: String

    package init(origin: Origin, message: String) {
        self.origin = origin
        self.message = message
    }

    package var description: String { "\(origin): \(message)" }
}
