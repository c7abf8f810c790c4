/// `NFT_MSG_*` (linux/netfilter/nf_tables.h); on the wire with the subsystem in the upper byte.
enum NftablesMessage {
    /// `NFNL_SUBSYS_NFTABLES`
    static let subsystem: UInt16 = 10 << 8

    static let newTable: UInt16 = 0
    static let getTable: UInt16 = 1
    static let deleteTable: UInt16 = 2
    static let newChain: UInt16 = 3
    static let getChain: UInt16 = 4
    static let deleteChain: UInt16 = 5
    static let newRule: UInt16 = 6
    static let getRule: UInt16 = 7
    static let deleteRule: UInt16 = 8
    static let newSet: UInt16 = 9
    static let getSet: UInt16 = 10
    static let deleteSet: UInt16 = 11
    static let newElement: UInt16 = 12
    static let getElement: UInt16 = 13
    static let deleteElement: UInt16 = 14
    static let newGeneration: UInt16 = 15
    static let getGeneration: UInt16 = 16
}
