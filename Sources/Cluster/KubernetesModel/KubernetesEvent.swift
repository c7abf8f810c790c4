/// `v1` Event: something worth telling happened to an object.
package struct KubernetesEvent: KubernetesObject {
    package static let resource = ResourceKind(group: "", version: "v1", kind: "Event", plural: "events")

    package var metadata: ObjectMeta
    package var involvedObject: ObjectReference
    /// Why the event was told, in one word: `InvalidIngress`.
    package var reason: String?
    /// At most 1,024 bytes.
    package var message: String?
    /// `Normal` or `Warning`.
    package var type: String?
    package var source: Source?
    package var firstTimestamp: Timestamp?
    package var lastTimestamp: Timestamp?
    /// How often it happened between the two.
    package var count: Int32?
    /// What was attempted, in one word: `Compile`, `Program`.
    package var action: String?
    /// The controller's name, as in `fairway.dev/gateway-controller`.
    package var reportingComponent: String?
    package var reportingInstance: String?

    package init(
        metadata: ObjectMeta, involvedObject: ObjectReference, reason: String? = nil, message: String? = nil,
        type: String? = nil
    ) {
        self.metadata = metadata
        self.involvedObject = involvedObject
        self.reason = reason
        self.message = message
        self.type = type
    }

    package struct Source: Codable, Hashable, Sendable {
        package var component: String?
        package var host: String?

        package init(component: String? = nil, host: String? = nil) {
            self.component = component
            self.host = host
        }
    }
}
