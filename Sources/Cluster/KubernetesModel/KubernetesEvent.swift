/// `events.k8s.io/v1` Event: something worth telling happened to an object.
package struct KubernetesEvent: KubernetesObject {
    package static let resource = ResourceKind(
        group: "events.k8s.io", version: "v1", kind: "Event", plural: "events")

    package var metadata: ObjectMeta
    package var eventTime: MicroTime?
    package var series: Series?
    /// The controller's name, as in `fairway.dev/gateway-controller`.
    package var reportingController: String?
    package var reportingInstance: String?
    /// What was attempted, in one word: `Compile`, `Program`.
    package var action: String?
    /// Why the event was told, in one word.
    package var reason: String?
    package var regarding: ObjectReference?
    /// At most 1,024 bytes.
    package var note: String?
    /// `Normal` or `Warning`.
    package var type: String?

    package init(
        metadata: ObjectMeta, eventTime: MicroTime? = nil, series: Series? = nil, reportingController: String? = nil,
        reportingInstance: String? = nil, action: String? = nil, reason: String? = nil,
        regarding: ObjectReference? = nil, note: String? = nil, type: String? = nil
    ) {
        self.metadata = metadata
        self.eventTime = eventTime
        self.series = series
        self.reportingController = reportingController
        self.reportingInstance = reportingInstance
        self.action = action
        self.reason = reason
        self.regarding = regarding
        self.note = note
        self.type = type
    }

    /// The same event again: how often in all, and when last.
    package struct Series: Codable, Hashable, Sendable {
        package var count: Int32
        package var lastObservedTime: MicroTime

        package init(count: Int32, lastObservedTime: MicroTime) {
            self.count = count
            self.lastObservedTime = lastObservedTime
        }
    }
}
