/// The two texts at the top of a network configuration that must be known before, or without, asking the agent.
///
/// This is no validation: the agent parses the whole. Whatever is not found is `nil`, and no input makes it trap.
struct ConfigurationGlance {
    /// `cniVersion`, which every answer repeats.
    var version: String?
    /// `socket`, where the agent listens.
    var socket: String?

    init(_ bytes: [UInt8]) {
        var cursor = JSONCursor(bytes)
        guard cursor.take(UInt8(ascii: "{")) else { return }
        while let key = cursor.string(), cursor.take(UInt8(ascii: ":")) {
            switch key {
            case "cniVersion": version = cursor.stringOrSkip()
            case "socket": socket = cursor.stringOrSkip()
            default: cursor.skipValue()
            }
            guard cursor.take(UInt8(ascii: ",")) else { return }
        }
    }
}

/// Walks over JSON without building anything. Nesting is counted, not recursed into, so depth costs no stack.
private struct JSONCursor {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// A text without escapes other than of one character; neither of our two values needs more.
    mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        var text: [UInt8] = []
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
                guard index < bytes.count else { return nil }
            }
            text.append(bytes[index])
            index += 1
        }
        guard index < bytes.count else { return nil }
        index += 1
        return String(decoding: text, as: UTF8.self)
    }

    mutating func stringOrSkip() -> String? {
        skipSpace()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
            skipValue()
            return nil
        }
        return string()
    }

    /// Moves to the comma or bracket that ends the value.
    mutating func skipValue() {
        var depth = 0
        while true {
            skipSpace()
            guard index < bytes.count else { return }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return }
            default: break
            }
            index += 1
        }
    }
}
