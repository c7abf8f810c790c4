import KubernetesClient
import KubernetesModel

/// Outputs not yet taken. Several changes of one object become one; the connection's last state is enough.
struct PendingOutputs<O: KubernetesObject>: Sendable {
    /// Unreadable objects kept for the consumer; more in one batch are of no use to anybody.
    static var maximumInvalid: Int { 1000 }

    private enum Connection {
        case connected
        case disconnected(KubernetesError)
    }

    private var connection: Connection?
    private var becameSynced = false
    private var changes: [ObjectName: ObjectChange<O>] = [:]
    private var order: [ObjectName] = []
    private var invalid: [(ObjectName?, String)] = []

    var isEmpty: Bool { connection == nil && !becameSynced && changes.isEmpty && invalid.isEmpty }

    /// Places taken by changes, also by those that came to nothing.
    var backlog: Int { order.count }

    mutating func connected() { connection = .connected }
    mutating func disconnected(_ error: KubernetesError) { connection = .disconnected(error) }
    mutating func synced() { becameSynced = true }

    mutating func add(_ object: UndecodableObject) {
        if invalid.count < Self.maximumInvalid { invalid.append((object.name, object.reason)) }
    }

    mutating func add(_ change: ObjectChange<O>) {
        if let earlier = changes[change.name] {
            changes[change.name]?.new = change.new
            // Came and went unseen. Its place in `order` stays, and is passed over.
            if earlier.old == nil, change.new == nil { changes[change.name] = nil }
        } else {
            changes[change.name] = change
            order.append(change.name)
        }
        if order.count > 2 * changes.count + 64 { order = order.filter { changes[$0] != nil } }
    }

    mutating func drain() -> [ReflectorOutput<O>] {
        var outputs: [ReflectorOutput<O>] = []
        if case .connected = connection { outputs.append(.connected) }
        let batch = order.compactMap { changes.removeValue(forKey: $0) }
        if becameSynced {
            outputs.append(.synced(batch))
        } else if !batch.isEmpty {
            outputs.append(.changed(batch))
        }
        outputs += invalid.map { .invalid($0.0, $0.1) }
        if case .disconnected(let error) = connection { outputs.append(.disconnected(error)) }
        self = PendingOutputs()
        return outputs
    }
}
