import NetTypes
import WireCodec

extension RuleExpression {
    /// `NFTA_LIST_ELEM { NFTA_EXPR_NAME, NFTA_EXPR_DATA { … } }`; attribute numbers are those of linux/netfilter/nf_tables.h.
    func write(to writer: inout WireWriter) {
        writer.nested(1) { element in
            element.attribute(1, text: kernelName)
            element.nested(2) { writeData(to: &$0) }
        }
    }

    private var kernelName: String {
        switch self {
        case .payload: "payload"
        case .meta, .setMeta: "meta"
        case .conntrack, .setConntrack: "ct"
        case .compare: "cmp"
        case .range: "range"
        case .bitwise: "bitwise"
        case .lookup, .map, .verdictMap: "lookup"
        case .number: "numgen"
        case .hash: "hash"
        case .load, .verdict: "immediate"
        case .destinationNAT, .sourceNAT: "nat"
        case .masquerade: "masq"
        case .redirect: "redir"
        case .fib: "fib"
        case .update, .add, .delete: "dynset"
        case .reject: "reject"
        case .counter: "counter"
        case .limit: "limit"
        case .log: "log"
        case .untracked: "notrack"
        case .byteOrder: "byteorder"
        }
    }

    private func writeData(to writer: inout WireWriter) {
        switch self {
        case .payload(let base, let offset, let length, let register):
            writer.numbers(register.number, base.rawValue, UInt32(clamping: offset), UInt32(clamping: length))
        case .meta(let key, let register):
            writer.numbers(register.number, key.rawValue)
        case .setMeta(let key, let register):
            writer.attribute(2, bigEndian: key.rawValue)
            writer.attribute(3, bigEndian: register.number)
        case .conntrack(let key, let direction, let register):
            writer.numbers(register.number, key.rawValue)
            if let direction { writer.attribute(3, host: direction.rawValue) }
        case .setConntrack(let key, let register):
            writer.attribute(2, bigEndian: key.rawValue)
            writer.attribute(4, bigEndian: register.number)
        case .compare(let register, let relation, let bytes):
            writer.numbers(register.number, relation.rawValue)
            writer.value(3, bytes)
        case .range(let register, let from, let to, let isInverted):
            writer.numbers(register.number, isInverted ? 1 : 0)
            writer.value(3, from)
            writer.value(4, to)
        case .bitwise(let source, let target, let mask, let xor):
            writer.numbers(source.number, target.number, UInt32(clamping: mask.count))
            writer.value(4, mask)
            writer.value(5, xor)
        case .load(let bytes, let register):
            writer.attribute(1, bigEndian: register.number)
            writer.value(2, bytes)
        case .verdict(let verdict):
            writer.attribute(1, bigEndian: Register.verdict.number)
            writer.nested(2) { verdict.write(to: &$0) }
        default:
            writeLookupOrNumber(to: &writer)
        }
    }

    private func writeLookupOrNumber(to writer: inout WireWriter) {
        switch self {
        case .lookup(let set, let key, let isInverted):
            writer.attribute(1, text: set)
            writer.attribute(2, bigEndian: key.number)
            if isInverted { writer.attribute(5, bigEndian: UInt32(1)) }
        case .map(let set, let key, let register):
            writer.attribute(1, text: set)
            writer.attribute(2, bigEndian: key.number)
            writer.attribute(3, bigEndian: register.number)
        case .verdictMap(let set, let key):
            writer.attribute(1, text: set)
            writer.attribute(2, bigEndian: key.number)
            writer.attribute(3, bigEndian: Register.verdict.number)
        case .number(let register, let modulus, let isRandom, let offset):
            writer.numbers(register.number, modulus, isRandom ? 1 : 0, offset)
        case .hash(let source, let length, let target, let modulus, let seed, let offset):
            writer.numbers(source.number, target.number, UInt32(clamping: length), modulus, seed, offset)
        case .fib(let result, let flags, let register):
            writer.numbers(register.number, result.rawValue, flags.rawValue)
        case .byteOrder(let source, let target, let length, let size, let toHost):
            writer.numbers(
                source.number, target.number, toHost ? 0 : 1, UInt32(clamping: length), UInt32(clamping: size))
        case .update(let set, let key, let data, let timeout):
            writeDynamic(1, set, key, data, timeout, to: &writer)
        case .add(let set, let key, let data, let timeout):
            writeDynamic(0, set, key, data, timeout, to: &writer)
        case .delete(let set, let key):
            writeDynamic(2, set, key, nil, nil, to: &writer)
        default:
            writeAction(to: &writer)
        }
    }

    private func writeDynamic(
        _ operation: UInt32, _ set: String, _ key: Register, _ data: Register?, _ timeout: UInt64?,
        to writer: inout WireWriter
    ) {
        writer.attribute(1, text: set)
        writer.attribute(3, bigEndian: operation)
        writer.attribute(4, bigEndian: key.number)
        if let data { writer.attribute(5, bigEndian: data.number) }
        if let timeout { writer.attribute(6, bigEndian: timeout) }
    }

    private func writeAction(to writer: inout WireWriter) {
        switch self {
        case .destinationNAT(let family, let address, let port, let flags):
            writeNAT(1, family, address, port, flags, to: &writer)
        case .sourceNAT(let family, let address, let port, let flags):
            writeNAT(0, family, address, port, flags, to: &writer)
        case .masquerade(let flags):
            if !flags.isEmpty { writer.attribute(1, bigEndian: flags.rawValue) }
        case .redirect(let port, let flags):
            if let port { writer.attribute(1, bigEndian: port.number) }
            if !flags.isEmpty { writer.attribute(3, bigEndian: flags.rawValue) }
        case .reject(.icmp(let code)):
            writer.attribute(1, bigEndian: UInt32(0))
            writer.attribute(2, host: code)
        case .reject(.tcpReset):
            writer.attribute(1, bigEndian: UInt32(1))
        case .reject(.icmpx(let code)):
            writer.attribute(1, bigEndian: UInt32(2))
            writer.attribute(2, host: code)
        case .limit(let rate, let burst):
            writer.attribute(1, bigEndian: rate)
            writer.attribute(2, bigEndian: UInt64(1))
            writer.attribute(3, bigEndian: burst)
        case .log(let prefix):
            writer.attribute(2, text: prefix)
        default: break
        }
    }

    private func writeNAT(
        _ kind: UInt32, _ family: IPAddress.Family, _ address: Register, _ port: Register?, _ flags: NATFlags,
        to writer: inout WireWriter
    ) {
        writer.numbers(kind, UInt32(family.code), address.number)
        if let port { writer.attribute(5, bigEndian: port.number) }
        if !flags.isEmpty { writer.attribute(7, bigEndian: flags.rawValue) }
    }
}

extension Verdict {
    /// `NFTA_DATA_VERDICT { NFTA_VERDICT_CODE, NFTA_VERDICT_CHAIN }`
    func write(to writer: inout WireWriter) {
        writer.nested(2) { verdict in
            verdict.attribute(1, bigEndian: code)
            if let chain { verdict.attribute(2, text: chain) }
        }
    }
}

extension WireWriter {
    /// Attributes 1, 2, 3 … of 32 bits in network order.
    fileprivate mutating func numbers(_ values: UInt32...) {
        for (index, value) in values.enumerated() { attribute(UInt16(index + 1), bigEndian: value) }
    }

    /// `{ NFTA_DATA_VALUE }`
    fileprivate mutating func value(_ type: UInt16, _ bytes: [UInt8]) {
        nested(type) { $0.attribute(1, raw: bytes) }
    }
}
