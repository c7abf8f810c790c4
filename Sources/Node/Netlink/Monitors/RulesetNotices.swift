import WireCodec

/// A change of the nftables ruleset that was committed.
package struct RulesetNotice: Hashable, Sendable {
    /// The new version, and who made it.
    package var generation: Generation
    /// Of the socket that asked: compare with `NftablesSocket.socket.port`.
    package var port: UInt32
    /// What changed, in order; at most 1,024.
    package var changes: [Change]
    /// More changed than `changes` tells.
    package var isAbridged: Bool

    package struct Change: Hashable, Sendable {
        package var kind: Kind
        package var isRemoval: Bool
        package var table: TableName
        /// The chain (for a rule too), set (for elements too) or object; empty for the table itself.
        package var name: String

        package init(kind: Kind, isRemoval: Bool, table: TableName, name: String) {
            self.kind = kind
            self.isRemoval = isRemoval
            self.table = table
            self.name = name
        }
    }

    package init(generation: Generation, port: UInt32, changes: [Change] = [], isAbridged: Bool = false) {
        self.generation = generation
        self.port = port
        self.changes = changes
        self.isAbridged = isAbridged
    }

    package enum Kind: Hashable, Sendable {
        case table
        case chain
        case rule
        case set
        case elements
        case other
    }

    /// Whether it touched anything in this table.
    package func concerns(_ table: TableName) -> Bool {
        isAbridged || changes.contains { $0.table == table }
    }
}

extension NetlinkMonitor where Notice == RulesetNotice {
    /// - Parameter port: `NftablesSocket.socket.port` of the socket whose own changes shall come without their `changes` (a load of 50,000
    ///   elements would overrun any buffer): only generation and port.
    package static func ruleset(
        in namespace: NetworkNamespace? = nil, ignoring port: UInt32? = nil
    )
        throws(KernelError) -> NetlinkMonitor<RulesetNotice>
    {
        // NFNLGRP_NFTABLES
        try NetlinkMonitor(
            .netfilter, groups: [7], in: namespace, ignoring: port,
            except: NftablesMessage.subsystem | NftablesMessage.newGeneration, receiveBuffer: 16 << 20,
            decoder: RulesetNoticeDecoder())
    }
}

/// The kernel tells a commit's changes first, then the new generation.
struct RulesetNoticeDecoder: NoticeDecoder {
    private var changes: [RulesetNotice.Change] = []
    private var isAbridged = false

    static let limit = 1024

    mutating func take(_ message: NetlinkMessage) throws(WireError) -> RulesetNotice? {
        if let generation = try Generation(decoding: message) {
            defer { reset() }
            return RulesetNotice(
                generation: generation, port: message.port, changes: changes, isAbridged: isAbridged)
        }
        guard let change = try Self.change(message) else { return nil }
        // Elements come one a message.
        if change == changes.last { return nil }
        if changes.count < Self.limit { changes.append(change) } else { isAbridged = true }
        return nil
    }

    mutating func reset() {
        changes = []
        isAbridged = false
    }

    private static func change(_ message: NetlinkMessage) throws(WireError) -> RulesetNotice.Change? {
        guard message.type & 0xff00 == NftablesMessage.subsystem else { return nil }
        let (kind, isRemoval) = kind(of: message.type & 0xff)
        var reader = message.payload
        guard let family = TableFamily(rawValue: try reader.uint8()) else { return nil }
        try reader.skip(3)
        var table = ""
        var second = ""
        var third = ""
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() {
            if attribute.type == 1 { table = try attribute.text() }
            if attribute.type == 2, [.rule, .set, .elements].contains(kind) { second = try attribute.text() }
            if attribute.type == 3, kind == .chain { third = try attribute.text() }
        }
        return RulesetNotice.Change(
            kind: kind, isRemoval: isRemoval, table: TableName(family, table), name: kind == .chain ? third : second)
    }

    private static func kind(of type: UInt16) -> (RulesetNotice.Kind, isRemoval: Bool) {
        switch type {
        case NftablesMessage.newTable: (.table, false)
        case NftablesMessage.deleteTable: (.table, true)
        case NftablesMessage.newChain: (.chain, false)
        case NftablesMessage.deleteChain: (.chain, true)
        case NftablesMessage.newRule: (.rule, false)
        case NftablesMessage.deleteRule: (.rule, true)
        case NftablesMessage.newSet: (.set, false)
        case NftablesMessage.deleteSet: (.set, true)
        case NftablesMessage.newElement: (.elements, false)
        case NftablesMessage.deleteElement: (.elements, true)
        default: (.other, false)
        }
    }
}
