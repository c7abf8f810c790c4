import Glibc
import KubernetesModel

struct FieldManager {
    static func updated(
        old: JSONValue?, new: JSONValue, manager: String, subresource: String, apiVersion: String, now: Timestamp
    ) -> JSONValue { new }
    static func applied(
        old: JSONValue?, configuration: JSONValue, manager: String, force: Bool, subresource: String, now: Timestamp,
        resource: ResourceKind
    ) throws(APIFailure) -> JSONValue {
        guard let old else { return configuration }
        return try Patching.apply(.merge, patch: configuration, to: old, resource: resource)
    }
}
struct ServiceAllocator: Sendable {
    struct Configuration: Sendable { init(_ c: LocalClusterConfiguration) throws {} }
    init(configuration: Configuration) {}
    mutating func allocate(_ object: JSONValue, old: JSONValue?) throws(APIFailure) -> JSONValue { object }
    mutating func release(_ object: JSONValue) {}
    mutating func rebuild(from: [JSONValue]) {}
}
enum EndpointSliceReconciler {
    static func desired(
        service: JSONValue, pods: [JSONValue], existing: [JSONValue]
    ) -> (create: [JSONValue], update: [JSONValue], delete: [JSONValue]) { ([], [], []) }
}
extension Timestamp {
    static var now: Timestamp {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return Timestamp(secondsSinceEpoch: Int64(t.tv_sec))
    }
}
