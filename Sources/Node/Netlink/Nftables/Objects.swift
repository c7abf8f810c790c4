/// The packets that a table sees.
package enum TableFamily: UInt8, Hashable, Sendable {
    /// Both IPv4 and IPv6.
    case inet = 1
    case ipv4 = 2
    case arp = 3
    case netdev = 5
    case bridge = 7
    case ipv6 = 10
}

/// A table's name: every other object is named inside one.
package struct TableName: Hashable, Sendable, CustomStringConvertible {
    package var family: TableFamily
    package var name: String

    package init(_ family: TableFamily, _ name: String) {
        self.family = family
        self.name = name
    }

    package var description: String {
        switch family {
        case .inet: "inet \(name)"
        case .ipv4: "ip \(name)"
        case .ipv6: "ip6 \(name)"
        case .arp: "arp \(name)"
        case .netdev: "netdev \(name)"
        case .bridge: "bridge \(name)"
        }
    }
}

/// `NFT_TABLE_F_*`
package struct TableFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let dormant = TableFlags(rawValue: 1)
    /// Only the socket that made (or adopted) the table may change it; others get EPERM, and `flush ruleset` spares it. Linux 5.12.
    package static let owner = TableFlags(rawValue: 2)
    /// The table outlives its owner, and may then be adopted by another socket. Linux 6.9.
    package static let persist = TableFlags(rawValue: 4)
}

/// A chain. With a `hook` packets come to it by themselves (a base chain); without, by jump and goto.
package struct Chain: Hashable, Sendable {
    package var table: TableName
    package var name: String
    package var hook: Hook?

    package init(_ table: TableName, _ name: String, hook: Hook? = nil) {
        self.table = table
        self.name = name
        self.hook = hook
    }

    package struct Hook: Hashable, Sendable {
        package var kind: Kind
        package var point: Point
        /// Lower comes first: -150 mangle, -100 dstnat, 0 filter, 100 srcnat.
        package var priority: Int32
        /// What happens to packets that no rule decided on: accept unless `isDropping`.
        package var isDropping: Bool

        package init(_ kind: Kind, _ point: Point, priority: Int32, isDropping: Bool = false) {
            self.kind = kind
            self.point = point
            self.priority = priority
            self.isDropping = isDropping
        }
    }

    package enum Kind: String, Hashable, Sendable {
        case filter
        case nat
        /// A changed mark or address makes the kernel route the packet again (output only).
        case route
    }

    /// `NF_INET_*`
    package enum Point: UInt32, Hashable, Sendable {
        case prerouting = 0
        case input = 1
        case forward = 2
        case output = 3
        case postrouting = 4
    }
}

/// What a rule or a verdict map's element decides.
package enum Verdict: Hashable, Sendable {
    case accept
    case drop
    case `continue`
    case `return`
    case jump(String)
    case goto(String)

    /// `NF_*` and `NFT_*`
    var code: Int32 {
        switch self {
        case .drop: 0
        case .accept: 1
        case .continue: -1
        case .jump: -3
        case .goto: -4
        case .return: -5
        }
    }

    var chain: String? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        default: nil
        }
    }

    init?(code: Int32, chain: String?) {
        switch (code, chain) {
        case (0, _): self = .drop
        case (1, _): self = .accept
        case (-1, _): self = .continue
        case (-3, let chain?): self = .jump(chain)
        case (-4, let chain?): self = .goto(chain)
        case (-5, _): self = .return
        default: return nil
        }
    }
}
