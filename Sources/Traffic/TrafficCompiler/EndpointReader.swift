import KubernetesModel
import NetTypes
import TrafficPlan

/// Merges a Service's EndpointSlices into the addresses of one of its ports.
enum EndpointReader {
    /// - Parameter portName: the Service port's name, which slices repeat; empty for the only, nameless port.
    static func endpoints(
        in slices: [ObjectName: EndpointSlice], portName: String
    ) -> (set: EndpointSet, diagnostics: [Diagnostic]) {
        var merged: [SocketEndpoint: Endpoint] = [:]
        var diagnostics: [Diagnostic] = []
        for (name, slice) in slices.sorted(by: { $0.key < $1.key }) {
            let origin = Origin(kind: "EndpointSlice", namespace: name.namespace, name: name.name)
            guard slice.addressType == "IPv4" || slice.addressType == "IPv6" else {
                diagnostics.append(
                    Diagnostic(
                        .warning, .invalidEndpoint, at: origin.at("addressType"),
                        "addresses of type \(slice.addressType.clipped) are ignored; use IPv4 or IPv6"))
                continue
            }
            for port in slice.ports ?? [] {
                guard port.name ?? "" == portName, port.protocol ?? "TCP" == "TCP", let number = port.port,
                    let number = UInt16(exactly: number), number > 0
                else { continue }
                merge(slice, port: number, into: &merged, origin: origin, &diagnostics)
            }
        }
        return (EndpointSet(merged.values), diagnostics)
    }

    private static func merge(
        _ slice: EndpointSlice, port: UInt16, into merged: inout [SocketEndpoint: Endpoint], origin: Origin,
        _ diagnostics: inout [Diagnostic]
    ) {
        for (index, endpoint) in (slice.endpoints ?? []).enumerated() {
            guard let state = state(of: endpoint.conditions) else { continue }
            for text in endpoint.addresses {
                guard let address = IPAddress(text), !address.isUnspecified else {
                    // One such word for a slice is enough.
                    if diagnostics.last?.origin.name != origin.name {
                        diagnostics.append(
                            Diagnostic(
                                .warning, .invalidEndpoint, at: origin.at("endpoints[\(index)].addresses"),
                                "\"\(text.clipped)\" is no IP address and is ignored"))
                    }
                    continue
                }
                let place = SocketEndpoint(address: address, port: port)
                let new = Endpoint(address: place, zone: endpoint.zone, state: state)
                // An address may be in two slices while it moves; the better state holds, whatever the order.
                merged[place] = merged[place].map { $0.isPreferred(to: new) ? $0 : new } ?? new
            }
        }
    }

    /// `nil` for an endpoint that takes no traffic. Unknown conditions read as ready and serving, as the API asks.
    private static func state(of conditions: EndpointSlice.Conditions?) -> Endpoint.State? {
        if conditions?.ready ?? true { return .ready }
        return conditions?.serving ?? true && conditions?.terminating ?? false ? .draining : nil
    }
}

extension Endpoint {
    fileprivate func isPreferred(to other: Endpoint) -> Bool {
        if state != other.state { return state == .ready }
        return zone ?? "" >= other.zone ?? ""
    }
}
