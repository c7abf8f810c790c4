package import NetTypes

/// Who holds which address: the whole truth of a node's IPAM, as a value.
///
/// Every change is a `LedgerEvent`; the log keeps those, and applying them again gives the same ledger. An address is given
/// to nobody while any reservation names it, and a reservation ends only with `freed`, which is said when its link is gone.
package struct AddressLedger: Sendable {
    package private(set) var pools: [AddressPool] = []
    private var reservations: [AttachmentKey: Reservation] = [:]
    private var holders: [IPAddress: AttachmentKey] = [:]
    private var ports: [PortKey: [AttachmentKey]] = [:]

    /// Mappings that could overlap; the host address decides among them.
    private struct PortKey: Hashable {
        var transport: PortMapping.TransportProtocol
        var port: UInt16
    }

    package init(pools: [IPPrefix] = []) {
        apply(.pools(pools))
    }

    package var all: [Reservation] { reservations.values.sorted { $0.key < $1.key } }
    package var count: Int { reservations.count }
    package subscript(_ key: AttachmentKey) -> Reservation? { reservations[key] }
    package func holder(of address: IPAddress) -> AttachmentKey? { holders[address] }

    package func held(in pool: AddressPool) -> Int {
        holders.keys.count { pool.mayGive($0) }
    }

    /// Reserves one address of each family, and the host ports. Nothing changes where it throws.
    package mutating func reserve(_ request: ReservationRequest) throws(ReservationRefusal) -> Reservation {
        guard !pools.isEmpty else { throw .noPools }
        if let present = reservations[request.key] { throw .alreadyThere(request.key, present.state) }
        for mapping in request.portMappings {
            if let other = holder(of: mapping) { throw .hostPortTaken(mapping, by: other) }
        }
        var addresses = try checked(request.addresses)
        // On a copy: a family that is exhausted must not move the other family's search.
        var pools = pools
        for family in [IPAddress.Family.v4, .v6] where !addresses.contains(where: { $0.family == family }) {
            if let address = try take(family, from: &pools) { addresses.append(address) }
        }
        self.pools = pools
        let reservation = Reservation(
            key: request.key, network: request.network, state: .reserved,
            addresses: addresses.sorted(), namespace: request.namespace, pod: request.pod,
            portMappings: request.portMappings, hardwareAddress: request.hardwareAddress, mtu: request.mtu,
            since: request.now)
        apply(.reserved(reservation))
        return reservation
    }

    /// Wanted addresses must be free, lie in a pool, and be one of each family at most.
    private func checked(_ wanted: [IPAddress]) throws(ReservationRefusal) -> [IPAddress] {
        for (index, address) in wanted.enumerated() {
            if let twin = wanted[..<index].first(where: { $0.family == address.family }) {
                throw .twoOfOneFamily(twin, address)
            }
            guard let pool = pools.first(where: { $0.prefix.contains(address) }) else {
                throw .outsidePools(address, pools.map(\.prefix))
            }
            guard pool.mayGive(address) else { throw .notForPods(address, pool.prefix) }
            if let holder = holders[address] {
                throw .addressTaken(address, by: holder, state: reservations[holder]?.state ?? .attached)
            }
        }
        return wanted
    }

    /// `nil` where the node has no pool of that family.
    private func take(
        _ family: IPAddress.Family, from pools: inout [AddressPool]
    ) throws(ReservationRefusal) -> IPAddress? {
        let indices = pools.indices.filter { pools[$0].prefix.address.family == family }
        guard let last = indices.last else { return nil }
        for index in indices {
            // Counting is only worth its time where the pool could be full.
            let held = holders.count < pools[index].capacity ? holders.count : held(in: pools[index])
            if let address = pools[index].take(held: held, isFree: { holders[$0] == nil }) { return address }
        }
        let pool = pools[last]
        let waiting = reservations.values.count {
            $0.state == .releasing && $0.addresses.contains { $0.family == family }
        }
        throw .exhausted(pool.prefix, held: held(in: pool), waiting: waiting)
    }

    private func holder(of mapping: PortMapping) -> AttachmentKey? {
        let candidates = ports[PortKey(transport: mapping.transport, port: mapping.hostPort)] ?? []
        return candidates.first { key in
            reservations[key]?.portMappings.contains { $0.overlaps(mapping) } ?? false
        }
    }
}

extension AddressLedger {
    /// Applies what happened, here or in the log of an earlier run. An event that makes no sense (a log cut in the middle) changes nothing.
    package mutating func apply(_ event: LedgerEvent) {
        switch event {
        case .pools(let prefixes):
            setPools(prefixes)
        case .reserved(let reservation):
            remove(reservation.key)
            guard reservation.addresses.allSatisfy({ holders[$0] == nil }) else { return }
            insert(reservation)
        case .attached(let key):
            if reservations[key]?.state == .reserved { reservations[key]?.state = .attached }
        case .releasing(let key):
            guard reservations[key] != nil else { return }
            reservations[key]?.state = .releasing
            // The host ports are free at once: their entries in the kernel go before DEL answers.
            forgetPorts(of: key)
            reservations[key]?.portMappings = []
        case .freed(let key):
            remove(key)
        case .resized(let key, let mtu):
            reservations[key]?.mtu = mtu
        case .searched(let address):
            moveSearch(behind: address)
        }
    }

    private mutating func setPools(_ prefixes: [IPPrefix]) {
        var seen: [AddressPool] = []
        for prefix in prefixes where !seen.contains(where: { $0.prefix.overlaps(prefix) }) {
            seen.append(pools.first { $0.prefix == prefix } ?? AddressPool(prefix))
        }
        pools = seen
    }

    private mutating func insert(_ reservation: Reservation) {
        reservations[reservation.key] = reservation
        for address in reservation.addresses {
            holders[address] = reservation.key
            moveSearch(behind: address)
        }
        for mapping in reservation.portMappings {
            ports[PortKey(transport: mapping.transport, port: mapping.hostPort), default: []].append(reservation.key)
        }
    }

    private mutating func remove(_ key: AttachmentKey) {
        guard let old = reservations[key] else { return }
        forgetPorts(of: key)
        reservations[key] = nil
        for address in old.addresses where holders[address] == key { holders[address] = nil }
    }

    private mutating func forgetPorts(of key: AttachmentKey) {
        for mapping in reservations[key]?.portMappings ?? [] {
            let port = PortKey(transport: mapping.transport, port: mapping.hostPort)
            ports[port]?.removeAll { $0 == key }
            if ports[port]?.isEmpty ?? false { ports[port] = nil }
        }
    }

    private mutating func moveSearch(behind address: IPAddress) {
        for index in pools.indices where pools[index].prefix.contains(address) { pools[index].moveBehind(address) }
    }

    /// The shortest list of events that makes this ledger.
    package var snapshot: [LedgerEvent] {
        var events: [LedgerEvent] = [.pools(pools.map(\.prefix))]
        for reservation in all {
            var first = reservation
            first.state = .reserved
            events.append(.reserved(first))
            switch reservation.state {
            case .reserved: break
            case .attached: events.append(.attached(reservation.key))
            case .releasing: events.append(.releasing(reservation.key))
            }
        }
        for pool in pools {
            // One before `next`, as the event says what was looked at last.
            let usable = pool.usable
            let last = pool.next <= usable.lowerBound ? usable.upperBound : pool.next - 1
            if let address = pool.prefix.address(at: last) { events.append(.searched(address)) }
        }
        return events
    }
}

/// What happened to the ledger.
package enum LedgerEvent: Sendable, Hashable {
    /// The node has these pod CIDRs now. Reservations outside of them live on until they are freed.
    case pools([IPPrefix])
    case reserved(Reservation)
    case attached(AttachmentKey)
    case releasing(AttachmentKey)
    case freed(AttachmentKey)
    case resized(AttachmentKey, mtu: Int)
    /// The round-robin search of the pool that has this address was last here.
    case searched(IPAddress)
}

extension IPPrefix {
    fileprivate func overlaps(_ other: IPPrefix) -> Bool { contains(other) || other.contains(self) }
}
