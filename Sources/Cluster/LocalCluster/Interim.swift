import Glibc
import KubernetesModel

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
