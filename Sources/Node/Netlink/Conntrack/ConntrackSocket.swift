import Glibc
package import NetTypes
import WireCodec

/// The kernel's table of connections, of one network namespace. Blocks as `NetlinkSocket` does; listing 100,000 flows takes some 100 ms.
package final class ConntrackSocket: Sendable {
    package let socket: NetlinkSocket

    package init(in namespace: NetworkNamespace? = nil) throws(KernelError) {
        socket = try NetlinkSocket.open(.netfilter, in: namespace)
    }

    /// Flows of a family, and of one protocol where given.
    package func flows(_ family: IPAddress.Family, protocol: UInt8? = nil) throws(KernelError) -> [Flow] {
        let wanted: (NetlinkMessage) throws(WireError) -> Flow? = { (message) throws(WireError) in
            guard let flow = try Flow(decoding: message), flow.original.source.family == family,
                `protocol` == nil || flow.original.protocol == `protocol`
            else { return nil }
            return flow
        }
        guard let `protocol` else { return try socket.dump(try request(family, nil), wanted) }
        do throws(KernelError) {
            return try socket.dump(try request(family, `protocol`), wanted)
        } catch {
            // Kernels before 5.8 cannot filter by protocol themselves.
            guard error.isUnsupported else { throw error }
            return try socket.dump(try request(family, nil), wanted)
        }
    }

    /// Deletes the flows that `isStale` picks, and says how many. One that ended meanwhile is no failure.
    @discardableResult
    package func deleteFlows(
        _ family: IPAddress.Family, protocol: UInt8, where isStale: (Flow) -> Bool
    ) throws(KernelError) -> Int {
        let doomed = try flows(family, protocol: `protocol`).filter(isStale)
        var requests: [NetlinkRequest] = []
        for flow in doomed { requests.append(try deletion(of: flow)) }
        let answers = try socket.performAll(requests)
        if let failure = answers.compactMap(\.self).first(where: { !$0.isNotFound }) { throw failure }
        return answers.count { $0 == nil }
    }

    private func request(_ family: IPAddress.Family, _ protocol: UInt8?) throws(KernelError) -> NetlinkRequest {
        try NetlinkRequest("list tracked connections", type: ConntrackMessage.get) { writer in
            writer.uint8(family.code)
            writer.zeros(3)
            guard let `protocol` else { return }
            // CTA_FILTER says which fields of the tuple count: CTA_FILTER_F_CTA_PROTO_NUM.
            writer.nested(Flow.Key.original) { tuple in
                tuple.nested(2) { $0.attribute(1, host: `protocol`) }
            }
            writer.nested(Flow.Key.filter) { filter in
                filter.attribute(1, host: UInt32(1 << 3))
                filter.attribute(2, host: UInt32(0))
            }
        }
    }

    private func deletion(of flow: Flow) throws(KernelError) -> NetlinkRequest {
        try NetlinkRequest("delete the tracked connection \(flow.original)", type: ConntrackMessage.delete) { writer in
            writer.uint8(flow.original.source.family.code)
            writer.zeros(3)
            writer.nested(Flow.Key.original) { flow.original.write(to: &$0) }
            if flow.zone != 0 { writer.attribute(Flow.Key.zone, bigEndian: flow.zone) }
            if let id = flow.id { writer.attribute(Flow.Key.id, bigEndian: id) }
        }
    }
}
