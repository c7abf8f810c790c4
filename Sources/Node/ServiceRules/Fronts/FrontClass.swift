/// What all fronts of one kind share: the chain that handles them. A front's element holds its class as a number, so that one small
/// map leads from numbers to chains, and no chain, rule or verdict belongs to a single Service.
///
/// The number (32 bits, high to low): kind 3, affinity timeout in seconds 17, endpoint count 12.
package struct FrontClass: Hashable, Sendable {
    package enum Kind: UInt32, Hashable, Sendable, CaseIterable {
        case `internal` = 1
        case external = 2
        case local = 3
        /// The wide endpoints, the client already judged.
        case plain = 4
        /// The near endpoints.
        case near = 5
    }

    package var kind: Kind
    /// Seconds; 0 without affinity.
    package var affinityTimeout: UInt32
    package var count: Int

    /// More endpoints than this are not used on one node.
    package static let mostEndpoints = 4_095

    package init(kind: Kind, affinityTimeout: UInt32, count: Int) {
        self.kind = kind
        self.affinityTimeout = affinityTimeout
        self.count = count
    }

    package init?(number: UInt32) {
        guard let kind = Kind(rawValue: number >> 29), number & 0xfff > 0 else { return nil }
        self.kind = kind
        affinityTimeout = number >> 12 & 0x1ffff
        count = Int(number & 0xfff)
    }

    package var number: UInt32 {
        kind.rawValue << 29 | (affinityTimeout & 0x1ffff) << 12 | UInt32(count) & 0xfff
    }

    /// Such as `internal-2`, or `near-3-sticky-10800`.
    package var chainName: String {
        "\(kind)-\(count)" + (affinityTimeout == 0 ? "" : "-sticky-\(affinityTimeout)")
    }

    /// The class whose chain this one's chain leads to.
    package var leadsTo: FrontClass? {
        kind == .local ? FrontClass(kind: .plain, affinityTimeout: affinityTimeout, count: count) : nil
    }
}

extension Front {
    /// `nil` where there is nowhere to send a connection to.
    package var wideClass: FrontClass? {
        guard !wide.isEmpty else { return nil }
        let kind: FrontClass.Kind =
            switch policy {
            case .internal: .internal
            case .external: .external
            case .local: .local
            }
        return FrontClass(kind: kind, affinityTimeout: affinityTimeout, count: wide.count)
    }

    package var nearClass: FrontClass? {
        guard policy == .local, !near.isEmpty else { return nil }
        return FrontClass(kind: .near, affinityTimeout: affinityTimeout, count: near.count)
    }
}
