package import KubernetesModel
import NetTypes

/// Gives Services their cluster addresses and node ports, and takes them back. A value: whoever stores Services keeps
/// one, and tells it of every create, update and delete in that order.
///
/// For a write: `inheriting` (updates only), then validation, then `allocate`, then the store. If the store refuses,
/// `revert` undoes the allocation.
package struct ServiceAllocator: Sendable {
    package struct Configuration: Hashable, Sendable {
        /// One range, or two of different families; the first is what a Service gets without asking.
        package var ranges: [AddressRange]
        package var nodePorts: ClosedRange<Int>
        /// Where giving out begins.
        package var seed: Int

        package init(
            ranges: [AddressRange] = ["10.96.0.0/16", "fd00:10:96::/112"].compactMap(AddressRange.init),
            nodePorts: ClosedRange<Int> = 30_000...32_767, seed: Int = 0
        ) {
            self.ranges = ranges
            self.nodePorts = nodePorts
            self.seed = seed
        }
    }

    let configuration: Configuration
    var addresses: [AddressRange: AllocationPool]
    var ports: AllocationPool

    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        addresses = Dictionary(
            configuration.ranges.map {
                ($0, AllocationPool(count: $0.count, reserved: $0.reserved, seed: configuration.seed))
            }, uniquingKeysWith: { first, _ in first })
        let count = configuration.nodePorts.count
        ports = AllocationPool(count: count, reserved: min(max(16, count / 32), 128), seed: configuration.seed)
    }

    /// Begins anew with the Services that exist.
    package mutating func rebuild(from services: [JSONValue]) {
        self = ServiceAllocator(configuration)
        for service in services {
            let claims = Claims(of: service)
            for address in claims.addresses { _ = take(address) }
            for port in claims.ports where configuration.nodePorts.contains(port) {
                _ = ports.take(port - configuration.nodePorts.lowerBound)
            }
        }
    }

    /// The Service with its addresses and node ports; what `old` had and it no longer has is free again. Throws 422 for
    /// what cannot be had, 500 when a range is full, and then nothing has changed.
    package mutating func allocate(_ service: JSONValue, old: JSONValue? = nil) throws(APIFailure) -> JSONValue {
        var transaction = Transaction(allocator: self, service: service, old: old)
        // One reference to the pools, so that changing them copies nothing.
        addresses = [:]
        ports = AllocationPool(count: 0, reserved: 0, seed: 0)
        do throws(APIFailure) {
            try transaction.run()
        } catch {
            transaction.undo()
            self = transaction.allocator
            throw error
        }
        transaction.releaseUnused()
        self = transaction.allocator
        return transaction.service
    }

    /// Frees what a deleted Service had.
    package mutating func release(_ service: JSONValue) {
        release(Claims(of: service))
    }

    /// Undoes `allocate` for a Service that could not be stored after all.
    package mutating func revert(_ service: JSONValue, to old: JSONValue?) {
        let now = Claims(of: service)
        let before = old.map(Claims.init(of:)) ?? Claims()
        release(
            Claims(addresses: now.addresses.subtracting(before.addresses), ports: now.ports.subtracting(before.ports)))
        for address in before.addresses { _ = take(address) }
        for port in before.ports where configuration.nodePorts.contains(port) {
            _ = ports.take(port - configuration.nodePorts.lowerBound)
        }
    }

    /// How many addresses and node ports are taken.
    package var takenCounts: (addresses: Int, nodePorts: Int) {
        (addresses.values.reduce(0) { $0 + $1.taken.count }, ports.taken.count)
    }

    func range(of family: IPAddress.Family) -> AddressRange? {
        configuration.ranges.first { $0.base.family == family }
    }

    /// False if the address is outside of the ranges, or taken.
    mutating func take(_ address: IPAddress) -> Bool {
        guard let range = range(of: address.family), let number = range.number(of: address) else { return false }
        return addresses[range]?.take(number) ?? false
    }

    mutating func release(_ claims: Claims) {
        for address in claims.addresses {
            guard let range = range(of: address.family), let number = range.number(of: address) else { continue }
            addresses[range]?.release(number)
        }
        for port in claims.ports where configuration.nodePorts.contains(port) {
            ports.release(port - configuration.nodePorts.lowerBound)
        }
    }

    /// What a Service holds.
    struct Claims: Hashable, Sendable {
        var addresses: Set<IPAddress> = []
        var ports: Set<Int> = []

        init(addresses: Set<IPAddress> = [], ports: Set<Int> = []) {
            self.addresses = addresses
            self.ports = ports
        }

        init(of service: JSONValue) {
            let spec = service["spec"] ?? .null
            guard spec["type"] != "ExternalName" else { return }
            addresses = Set(
                ((spec["clusterIPs"]?.array ?? []) + [spec["clusterIP"] ?? .null]).compactMap { value in
                    value.string.flatMap { IPAddress($0) }
                })
            let numbers =
                (spec["ports"]?.array ?? []).map { $0["nodePort"]?.integer ?? 0 }
                + [spec["healthCheckNodePort"]?.integer ?? 0]
            ports = Set(numbers.filter { $0 > 0 }.compactMap { Int(exactly: $0) })
        }
    }
}
