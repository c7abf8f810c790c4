package import NetTypes

/// One element of one of the table's sets and maps. Equal elements are equal in the kernel.
package enum RuleElement: Hashable, Sendable {
    /// `services`: front → class.
    case service(FrontKey, FrontClass)
    /// `near`: front → class, for clients from outside under the policy Local.
    case near(FrontKey, FrontClass)
    /// `endpoints`: front and slot → endpoint, without affinity.
    case endpoint(FrontKey, slot: UInt32, SocketEndpoint)
    /// `slots`: front and slot → the endpoint's stable number, with affinity.
    case slot(FrontKey, slot: UInt32, id: UInt32)
    /// `sticky-endpoints`: front and stable number → endpoint, with affinity.
    case sticky(FrontKey, id: UInt32, SocketEndpoint)
    /// `rejected` and `dropped`: fronts that have nowhere to send a connection to.
    case rejected(FrontKey)
    case dropped(FrontKey)
    /// `restricted` and `permitted`: who may connect where a Service names source ranges.
    case restricted(FrontKey)
    case permitted(FrontKey, IPPrefix)
    /// `cluster-addresses`: every ClusterIP, whatever its ports.
    case clusterAddress(IPAddress)
    /// `hairpins`: this node's endpoints, which may be sent to themselves.
    case hairpin(IPAddress)
    /// `pods`: where pods of any node have their addresses.
    case podRange(IPPrefix)
    /// `service-ranges`: where ClusterIPs are given from.
    case serviceRange(IPPrefix)

    /// Slots of near endpoints start here, so that both lists of a front share one map.
    package static let firstNearSlot: UInt32 = 1 << 16

    package var family: IPAddress.Family {
        switch self {
        case .service(let key, _), .near(let key, _), .endpoint(let key, _, _), .slot(let key, _, _),
            .sticky(let key, _, _), .rejected(let key), .dropped(let key), .restricted(let key), .permitted(let key, _):
            key.address.family
        case .clusterAddress(let address), .hairpin(let address): address.family
        case .podRange(let prefix), .serviceRange(let prefix): prefix.address.family
        }
    }

    /// `nil` for those that belong to no single front.
    package var front: FrontKey? {
        switch self {
        case .service(let key, _), .near(let key, _), .endpoint(let key, _, _), .slot(let key, _, _),
            .sticky(let key, _, _), .rejected(let key), .dropped(let key), .restricted(let key), .permitted(let key, _):
            key
        case .clusterAddress, .hairpin, .podRange, .serviceRange: nil
        }
    }

    /// The class whose chain must be there before this element.
    package var frontClass: FrontClass? {
        switch self {
        case .service(_, let frontClass), .near(_, let frontClass): frontClass
        default: nil
        }
    }
}

extension Front {
    /// Everything that the kernel must hold for this front.
    package func elements(of key: FrontKey) -> [RuleElement] {
        var elements: [RuleElement] = []
        elements.reserveCapacity(wide.count + near.count + 2)
        if let wideClass {
            elements.append(.service(key, wideClass))
        } else {
            elements.append(refusal == .reject ? .rejected(key) : .dropped(key))
        }
        if policy == .local, !wide.isEmpty {
            elements.append(nearClass.map { .near(key, $0) } ?? .dropped(key))
        }
        if affinityTimeout == 0 {
            appendEndpoints(to: &elements, key)
        } else {
            appendStickyEndpoints(to: &elements, key)
        }
        if let sources {
            elements.append(.restricted(key))
            for source in sources { elements.append(.permitted(key, source)) }
        }
        return elements
    }

    private func appendEndpoints(to elements: inout [RuleElement], _ key: FrontKey) {
        for (slot, endpoint) in wide.enumerated() { elements.append(.endpoint(key, slot: UInt32(slot), endpoint)) }
        guard policy == .local else { return }
        for (slot, endpoint) in near.enumerated() {
            elements.append(.endpoint(key, slot: RuleElement.firstNearSlot + UInt32(slot), endpoint))
        }
    }

    private func appendStickyEndpoints(to elements: inout [RuleElement], _ key: FrontKey) {
        for (slot, endpoint) in wide.enumerated() {
            elements.append(.slot(key, slot: UInt32(slot), id: endpoint.stableID))
        }
        if policy == .local {
            for (slot, endpoint) in near.enumerated() {
                let slot = RuleElement.firstNearSlot + UInt32(slot)
                elements.append(.slot(key, slot: slot, id: endpoint.stableID))
            }
        }
        for (id, endpoint) in endpointsByID { elements.append(.sticky(key, id: id, endpoint)) }
    }

    /// Two endpoints of one Service with the same number (one in four thousand million) share it, and the lower one serves both.
    package var endpointsByID: [UInt32: SocketEndpoint] {
        Dictionary(endpoints.map { ($0.stableID, $0) }, uniquingKeysWith: min)
    }
}
