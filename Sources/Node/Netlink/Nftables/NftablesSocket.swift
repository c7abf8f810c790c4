import Glibc
import WireCodec

/// nftables of one network namespace over nfnetlink. Blocks as `NetlinkSocket` does.
///
/// Tables with the owner flag belong to this socket: keep it open, and make all their changes through it.
package final class NftablesSocket: Sendable {
    package let socket: NetlinkSocket

    /// - Parameter sendBuffer: bytes; a batch must fit in.
    package init(in namespace: NetworkNamespace? = nil) throws(KernelError) {
        socket = try NetlinkSocket.open(.netfilter, in: namespace)
    }

    /// How far a table is protected from others.
    package enum Ownership: Hashable, Sendable {
        /// Nobody else may change it, and it outlives this process.
        case owned
        /// The kernel has no such flags (before 6.9), or the table was made without them: others may change it.
        case shared
    }

    /// Makes the table, or takes over one that a process before us left. EPERM where another live process owns it.
    package func adopt(_ table: TableName, comment: String? = nil) throws(NftablesError) -> Ownership {
        do throws(NftablesError) {
            var batch = NftablesBatch()
            batch.addTable(table, flags: [.owner, .persist], comment: comment)
            try commit(batch)
            return .owned
        } catch {
            guard error.cause.isUnsupported else { throw error }
            return try share(table, comment: comment)
        }
    }

    private func share(_ table: TableName, comment: String?) throws(NftablesError) -> Ownership {
        var batch = NftablesBatch()
        batch.addTable(table, comment: comment)
        try commit(batch)
        return .shared
    }

    /// Applies all of the batch or nothing.
    /// - Parameter generation: where given, nothing is done unless the ruleset is still of this generation (`isStale`).
    package func commit(_ batch: NftablesBatch, expecting generation: UInt32? = nil) throws(NftablesError) {
        guard !batch.isEmpty else { return }
        if let fault = batch.writer.fault {
            let change = batch.changes.last.map { "\($0.verb) \($0.subject)" } ?? "commit"
            throw NftablesError(KernelError(change, code: EMSGSIZE, detail: "\(fault)"))
        }
        let outcome: (base: UInt32, answers: [Acknowledgement])
        do throws(KernelError) {
            outcome = try socket.exchangeBatch(count: batch.messages.count + 1, operation: "commit an nftables batch") {
                batch.numbered(from: $0, generation: generation)
            }
        } catch {
            throw NftablesError(error)
        }
        let failures = outcome.answers.filter { $0.code != 0 }
        let lastSequence = outcome.base &+ UInt32(batch.messages.count)
        if failures.isEmpty, outcome.answers.contains(where: { $0.sequence == lastSequence }) { return }
        throw batch.error(for: failures, base: outcome.base)
    }

    /// The ruleset's present version.
    package func generation() throws(KernelError) -> Generation {
        let request = try request("read the nftables generation", NftablesMessage.getGeneration, nil) { _ in }
        return try socket.get(request, Generation.init(decoding:))
    }

    /// All tables; of one family where given.
    package func tables(_ family: TableFamily? = nil) throws(KernelError) -> [TableListing] {
        let request = try request("list tables", NftablesMessage.getTable, family) { _ in }
        return try socket.dump(request, TableListing.init(decoding:))
    }

    package func chains(in table: TableName) throws(KernelError) -> [ChainListing] {
        let request = try request("list chains of \(table)", NftablesMessage.getChain, table.family) { _ in }
        return try socket.dump(request, ChainListing.init(decoding:)).filter { $0.chain.table == table }
    }

    package func rules(in table: TableName) throws(KernelError) -> [RuleListing] {
        let request = try request("list rules of \(table)", NftablesMessage.getRule, table.family) {
            $0.attribute(1, text: table.name)
        }
        return try socket.dump(request, RuleListing.init(decoding:)).filter { $0.table == table }
    }

    package func sets(in table: TableName) throws(KernelError) -> [SetListing] {
        let request = try request("list sets of \(table)", NftablesMessage.getSet, table.family) {
            $0.attribute(1, text: table.name)
        }
        return try socket.dump(request, SetListing.init(decoding:)).filter { $0.table == table }
    }

    package func elements(of set: String, in table: TableName) throws(KernelError) -> [SetElement] {
        let request = try request("list elements of \(table) \(set)", NftablesMessage.getElement, table.family) {
            $0.attribute(1, text: table.name)
            $0.attribute(2, text: set)
        }
        return try socket.dump(request, ElementsOfMessage.init(decoding:)).flatMap(\.elements)
    }

    /// The element that a packet with this key would find; `nil` where none.
    package func element(_ key: RegisterBytes, of set: String, in table: TableName) throws(KernelError) -> SetElement? {
        let request = try request("find an element of \(table) \(set)", NftablesMessage.getElement, table.family) {
            writer in
            writer.attribute(1, text: table.name)
            writer.attribute(2, text: set)
            writer.nested(3) { SetElement(key).write(to: &$0) }
        }
        do throws(KernelError) {
            return try socket.get(request, ElementsOfMessage.init(decoding:)).elements.first
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }

    private func request(
        _ operation: String, _ type: UInt16, _ family: TableFamily?, _ body: (inout WireWriter) -> Void
    ) throws(KernelError) -> NetlinkRequest {
        try NetlinkRequest(operation, type: NftablesMessage.subsystem | type) { writer in
            writer.uint8(family?.rawValue ?? 0)
            writer.zeros(3)
            body(&writer)
        }
    }
}

/// The elements that one message lists.
struct ElementsOfMessage: Sendable {
    var table: TableName
    var set: String
    var elements: [SetElement]

    init?(decoding message: NetlinkMessage) throws(WireError) {
        let isDeleted = message.type == NftablesMessage.subsystem | NftablesMessage.deleteElement
        let type = isDeleted ? NftablesMessage.deleteElement : NftablesMessage.newElement
        guard var object = try NftablesObject(decoding: message, type) else { return nil }
        table = TableName(object.family, "")
        set = ""
        elements = []
        while let attribute = try object.attributes.next() {
            switch attribute.type {
            case 1: table.name = try attribute.text()
            case 2: set = try attribute.text()
            case 3:
                var list = attribute.attributes
                while let item = try list.next() { elements.append(try SetElement(decoding: item)) }
            default: break
            }
        }
    }
}
