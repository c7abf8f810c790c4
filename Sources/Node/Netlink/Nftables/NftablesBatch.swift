import WireCodec

/// Changes to the ruleset that happen all together or not at all, in this order.
///
///     var batch = NftablesBatch()
///     batch.addTable(table, flags: [.owner, .persist])
///     let filled = batch.addElements(endpoints, to: map)      // the number that an error would name
///     try nftables.commit(batch)
///
/// Each change gives back its number. "add" takes what is there already, unless it says otherwise.
package struct NftablesBatch: Sendable {
    /// One message, and which change it is part of.
    struct Message: Sendable {
        var offset: Int
        var change: Int
        /// How many of the change's elements earlier messages hold.
        var firstElement: Int
    }

    struct Change: Sendable {
        var verb: StaticString
        var subject: String
    }

    private(set) var messages: [Message] = []
    private(set) var changes: [Change] = []
    private(set) var writer: WireWriter

    package init(capacity: Int = 1024) {
        writer = WireWriter(capacity: capacity)
        Self.writeFrame(0x10, to: &writer)
    }

    package var isEmpty: Bool { messages.isEmpty }
    /// How many changes it holds.
    package var count: Int { changes.count }
    /// In bytes.
    package var size: Int { writer.count }

    // MARK: Tables

    @discardableResult
    package mutating func addTable(_ table: TableName, flags: TableFlags = [], comment: String? = nil) -> Int {
        change("add table", "\(table)", NftablesMessage.newTable, .create, table.family) { writer in
            writer.attribute(1, text: table.name)
            writer.attribute(2, bigEndian: flags.rawValue)
            if let comment { writer.attribute(6, comment: comment, kind: 0) }
        }
    }

    /// With all that it holds. ENOENT where there is none.
    @discardableResult
    package mutating func deleteTable(_ table: TableName) -> Int {
        change("delete table", "\(table)", NftablesMessage.deleteTable, [], table.family) {
            $0.attribute(1, text: table.name)
        }
    }

    // MARK: Chains and rules

    @discardableResult
    package mutating func addChain(_ chain: Chain) -> Int {
        change("add chain", "\(chain.table) \(chain.name)", NftablesMessage.newChain, .create, chain.table.family) {
            writer in
            writer.attribute(1, text: chain.table.name)
            writer.attribute(3, text: chain.name)
            guard let hook = chain.hook else { return }
            writer.nested(4) { nest in
                nest.attribute(1, bigEndian: hook.point.rawValue)
                nest.attribute(2, bigEndian: hook.priority)
            }
            writer.attribute(5, bigEndian: UInt32(hook.isDropping ? 0 : 1))
            writer.attribute(7, text: hook.kind.rawValue)
        }
    }

    /// EBUSY while rules or elements still lead to it; flush it before.
    @discardableResult
    package mutating func deleteChain(_ name: String, in table: TableName) -> Int {
        change("delete chain", "\(table) \(name)", NftablesMessage.deleteChain, [], table.family) {
            $0.attribute(1, text: table.name)
            $0.attribute(3, text: name)
        }
    }

    /// Adds a rule at the end of the chain.
    /// - Parameter comment: up to 240 bytes; `nft list` shows it.
    @discardableResult
    package mutating func addRule(
        _ expressions: [RuleExpression], to chain: String, in table: TableName, comment: String? = nil
    ) -> Int {
        change("add rule to chain", "\(table) \(chain)", NftablesMessage.newRule, [.create, .append], table.family) {
            writer in
            writer.attribute(1, text: table.name)
            writer.attribute(2, text: chain)
            writer.nested(4) { list in
                for expression in expressions { expression.write(to: &list) }
            }
            if let comment { writer.attribute(7, comment: comment, kind: 0) }
        }
    }

    @discardableResult
    package mutating func deleteRule(handle: UInt64, of chain: String, in table: TableName) -> Int {
        deleteRules("delete rule of chain", chain, table, handle)
    }

    /// Deletes all rules of a chain.
    @discardableResult
    package mutating func flushChain(_ chain: String, in table: TableName) -> Int {
        deleteRules("flush chain", chain, table, nil)
    }

    // MARK: Sets

    @discardableResult
    package mutating func addSet(_ set: NamedSet) -> Int {
        let id = UInt32(truncatingIfNeeded: changes.count + 1)
        return change("add set", "\(set.table) \(set.name)", NftablesMessage.newSet, .create, set.table.family) {
            set.write(to: &$0, id: id)
        }
    }

    /// EBUSY while rules look it up.
    @discardableResult
    package mutating func deleteSet(_ name: String, in table: TableName) -> Int {
        change("delete set", "\(table) \(name)", NftablesMessage.deleteSet, [], table.family) {
            $0.attribute(1, text: table.name)
            $0.attribute(2, text: name)
        }
    }

    /// Deletes all elements.
    @discardableResult
    package mutating func flushSet(_ name: String, in table: TableName) -> Int {
        change("flush set", "\(table) \(name)", NftablesMessage.deleteElement, [], table.family) {
            $0.attribute(1, text: table.name)
            $0.attribute(2, text: name)
        }
    }

    /// Adds elements. An element that is there with the same data is left alone; with other data the batch fails with EEXIST.
    @discardableResult
    package mutating func addElements(
        _ elements: some Collection<SetElement>, to set: String, in table: TableName
    ) -> Int {
        writeElements("add elements to", NftablesMessage.newElement, .create, set, table) { list in
            for element in elements { list.append(element) }
        }
    }

    /// Deletes elements by their keys. ENOENT where one is not there.
    @discardableResult
    package mutating func deleteElements(
        _ elements: some Collection<SetElement>, from set: String, in table: TableName
    )
        -> Int
    {
        writeElements("delete elements of", NftablesMessage.deleteElement, [], set, table) { list in
            for element in elements { list.append(element) }
        }
    }

    /// The same without an array between: `batch.addElements(to:in:) { $0.append(key, .value(…)) }`.
    @discardableResult
    package mutating func addElements(to set: String, in table: TableName, _ body: (inout ElementList) -> Void) -> Int {
        writeElements("add elements to", NftablesMessage.newElement, .create, set, table, body)
    }

    @discardableResult
    package mutating func deleteElements(
        from set: String, in table: TableName, _ body: (inout ElementList) -> Void
    )
        -> Int
    {
        writeElements("delete elements of", NftablesMessage.deleteElement, [], set, table, body)
    }

    // MARK: Writing

    private mutating func deleteRules(
        _ verb: StaticString, _ chain: String, _ table: TableName, _ handle: UInt64?
    )
        -> Int
    {
        change(verb, "\(table) \(chain)", NftablesMessage.deleteRule, [], table.family) { writer in
            writer.attribute(1, text: table.name)
            writer.attribute(2, text: chain)
            if let handle { writer.attribute(3, bigEndian: handle) }
        }
    }

    private mutating func change(
        _ verb: StaticString, _ subject: String, _ type: UInt16, _ flags: MessageFlags, _ family: TableFamily,
        _ body: (inout WireWriter) -> Void
    ) -> Int {
        let start = beginMessage(type, flags, family, firstElement: 0)
        body(&writer)
        endMessage(from: start)
        changes.append(Change(verb: verb, subject: subject))
        return changes.count - 1
    }

    private mutating func writeElements(
        _ verb: StaticString, _ type: UInt16, _ flags: MessageFlags, _ set: String, _ table: TableName,
        _ body: (inout ElementList) -> Void
    ) -> Int {
        var list = ElementList(batch: consume self, type: type, flags: flags, set: set, table: table)
        body(&list)
        self = list.finish()
        changes.append(Change(verb: verb, subject: "\(table) \(set)"))
        return changes.count - 1
    }

    mutating func beginMessage(
        _ type: UInt16, _ flags: MessageFlags, _ family: TableFamily, firstElement: Int
    ) -> Int {
        let start = writer.count
        messages.append(Message(offset: start, change: changes.count, firstElement: firstElement))
        writer.host(UInt32(0))
        writer.host(NftablesMessage.subsystem | type)
        writer.host(flags.union(.request).rawValue)
        writer.host(UInt64(0))
        writer.uint8(family.rawValue)
        writer.zeros(3)
        return start
    }

    mutating func endMessage(from start: Int) {
        writer.patch(UInt32(writer.count - start), at: start)
    }

    mutating func withWriter(_ body: (inout WireWriter) -> Void) {
        body(&writer)
    }

    /// `NFNL_MSG_BATCH_BEGIN` and `…END`: `struct nfgenmsg` with the subsystem as resource, in network order.
    static func writeFrame(_ type: UInt16, to writer: inout WireWriter) {
        writer.host(UInt32(20))
        writer.host(type)
        writer.host(MessageFlags.request.rawValue)
        writer.host(UInt64(0))
        writer.zeros(2)
        writer.bigEndian(UInt16(10))
    }
}
