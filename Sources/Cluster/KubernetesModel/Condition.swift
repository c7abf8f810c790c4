/// `metav1.Condition`.
package struct Condition: Codable, Hashable, Sendable {
    package var type: String
    /// `True`, `False` or `Unknown`.
    package var status: String
    package var observedGeneration: Int64?
    package var lastTransitionTime: Timestamp?
    package var reason: String
    package var message: String

    package init(
        type: String, status: String, observedGeneration: Int64? = nil, lastTransitionTime: Timestamp? = nil,
        reason: String, message: String
    ) {
        self.type = type
        self.status = status
        self.observedGeneration = observedGeneration
        self.lastTransitionTime = lastTransitionTime
        self.reason = reason
        self.message = message
    }
}
