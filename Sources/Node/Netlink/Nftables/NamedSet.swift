/// A set, or with `data` a map, that rules look up by name.
package struct NamedSet: Hashable, Sendable {
    package var table: TableName
    package var name: String
    /// The key's fields in order.
    package var key: [FieldType]
    package var data: Data?
    package var flags: SetFlags
    /// After how many milliseconds an element vanishes unless it says otherwise; needs `.timeout`.
    package var timeout: UInt64?
    /// Most elements; needed for a size limit of dynamic sets (65,536 else).
    package var size: UInt32?
    /// Every element counts the packets and bytes that matched it.
    package var hasCounters: Bool
    package var comment: String?

    package enum Data: Hashable, Sendable {
        case fields([FieldType])
        case verdict
    }

    package init(
        _ table: TableName, _ name: String, key: [FieldType], data: Data? = nil, flags: SetFlags = [],
        timeout: UInt64? = nil, size: UInt32? = nil, hasCounters: Bool = false, comment: String? = nil
    ) {
        self.table = table
        self.name = name
        self.key = key
        self.data = data
        self.flags = flags
        self.timeout = timeout
        self.size = size
        self.hasCounters = hasCounters
        self.comment = comment
    }

    /// In bytes.
    package var keyLength: Int { key.reduce(0) { $0 + $1.paddedLength(in: key) } }
}

/// `NFT_SET_*` that a caller chooses; map, timeout and concatenation follow from the other fields.
package struct SetFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Never changed after the batch that makes it.
    package static let constant = SetFlags(rawValue: 0x2)
    /// Elements are ranges.
    package static let interval = SetFlags(rawValue: 0x4)
    static let map = SetFlags(rawValue: 0x8)
    package static let timeout = SetFlags(rawValue: 0x10)
    /// Rules may add elements (`RuleExpression.update`).
    package static let dynamic = SetFlags(rawValue: 0x20)
    static let concatenated = SetFlags(rawValue: 0x80)
    static let expressions = SetFlags(rawValue: 0x100)
}

/// What a field of a key means. The kernel looks at the lengths only; the names are for `nft list`, which numbers types so.
package enum FieldType: UInt32, Hashable, Sendable {
    case ipv4Address = 7
    case ipv6Address = 8
    /// `inet_proto`: 1 byte.
    case transportProtocol = 12
    /// `inet_service`: 2 bytes.
    case port = 13
    /// 4 bytes in the machine's order. Also for plain numbers such as `numgen`'s: nft prints these safely inside a key.
    case mark = 19
    case interfaceIndex = 20
    /// `classid`: the data of maps into `MetaKey.priority`. 4 bytes in the machine's order.
    case queueingClass = 23
    case interfaceName = 41
    case conntrackState = 26

    /// In bytes.
    package var length: Int {
        switch self {
        case .ipv4Address, .mark, .interfaceIndex, .queueingClass, .conntrackState: 4
        case .ipv6Address, .interfaceName: 16
        case .transportProtocol: 1
        case .port: 2
        }
    }

    var isHostOrder: Bool {
        switch self {
        case .mark, .interfaceIndex, .queueingClass, .interfaceName, .conntrackState: true
        case .ipv4Address, .ipv6Address, .transportProtocol, .port: false
        }
    }

    /// Inside a key of several fields each takes whole words.
    func paddedLength(in key: [FieldType]) -> Int {
        key.count > 1 ? (length + 3) & ~3 : length
    }
}

extension [FieldType] {
    /// As nft numbers it: six bits a field. `NFT_DATA_VERDICT` has a number of its own.
    var typeNumber: UInt32 { reduce(0) { $0 << 6 | $1.rawValue } }
    var totalLength: Int { reduce(0) { $0 + $1.paddedLength(in: self) } }
}

/// An element of a set or map.
package struct SetElement: Hashable, Sendable {
    package var key: RegisterBytes
    /// The range's last key, both ends included (sets of several fields with `.interval`). Sets of one field with `.interval` take two
    /// elements instead: the first key, and the one behind the last with `isIntervalEnd`.
    package var keyEnd: RegisterBytes?
    package var isIntervalEnd: Bool
    package var data: ElementData?
    /// In milliseconds; the set's where `nil`.
    package var timeout: UInt64?
    /// In milliseconds from now; only in what the kernel lists.
    package var expiration: UInt64?
    /// Up to 128 bytes.
    package var comment: String?
    /// Only in what the kernel lists.
    package var counter: PacketCounter?

    package init(
        _ key: RegisterBytes, _ data: ElementData? = nil, keyEnd: RegisterBytes? = nil, isIntervalEnd: Bool = false,
        timeout: UInt64? = nil, comment: String? = nil
    ) {
        self.key = key
        self.data = data
        self.keyEnd = keyEnd
        self.isIntervalEnd = isIntervalEnd
        self.timeout = timeout
        self.comment = comment
    }
}

package enum ElementData: Hashable, Sendable {
    case value(RegisterBytes)
    case verdict(Verdict)
}

package struct PacketCounter: Hashable, Sendable {
    package var packets: UInt64
    package var bytes: UInt64
}
