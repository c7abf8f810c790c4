import KubernetesModel

/// Where a list in pages goes on: opaque to clients, base64url as theirs are.
struct ContinueToken: Hashable, Sendable {
    /// Every page shows the objects as they were at this revision.
    var revision: UInt64
    /// The last object of the page before.
    var last: ObjectName

    init(revision: UInt64, last: ObjectName) {
        self.revision = revision
        self.last = last
    }

    init(parsing text: String) throws(APIFailure) {
        guard let bytes = Base64.decoded(text), let value = try? JSONValue(parsing: bytes),
            let revision = value["rv"]?.string.flatMap({ UInt64($0) }), let name = value["name"]?.string
        else { throw .badRequest("continue key is not valid: it was not made by this server") }
        self.init(
            revision: revision, last: ObjectName(namespace: value["namespace"]?.string ?? "", name: name))
    }

    var text: String {
        let value: JSONValue = [
            "rv": .string(String(revision)), "namespace": .string(last.namespace), "name": .string(last.name),
        ]
        return Base64.encoded(value.serialized(), isURL: true)
    }
}

/// RFC 4648. Foundation's would bring all of Foundation along.
enum Base64 {
    static func encoded(_ bytes: [UInt8], isURL: Bool = false) -> String {
        let alphabet = Array(
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + (isURL ? "-_" : "+/")).utf8)
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let first = bytes[index]
            let second = rest > 1 ? bytes[index + 1] : 0
            let third = rest > 2 ? bytes[index + 2] : 0
            output.append(alphabet[Int(first >> 2)])
            output.append(alphabet[Int((first & 3) << 4 | second >> 4)])
            if rest > 1 { output.append(alphabet[Int((second & 15) << 2 | third >> 6)]) }
            if rest > 2 { output.append(alphabet[Int(third & 63)]) }
            if !isURL, rest < 3 { output.append(contentsOf: Array(repeating: UInt8(ascii: "="), count: 3 - rest)) }
            index += 3
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Either alphabet, with or without padding; `nil` for anything else.
    static func decoded(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") { break }
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return output
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5a: byte - 0x41
        case 0x61...0x7a: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
