package import NIOCore

/// A value of Redis' protocol, version 2 or 3 (https://redis.io/docs/latest/develop/reference/protocol-spec/). Valkey
/// speaks the same.
package indirect enum RESPValue: Hashable, Sendable {
    case simple(String)
    case error(String)
    case integer(Int64)
    case bulk(ByteBuffer)
    case null
    /// Of version 3 also sets; attributes are skipped.
    case array([RESPValue])
    /// Keys and values in turn.
    case map([RESPValue])
    /// Comes without being asked for.
    case push([RESPValue])
    case double(Double)
    case boolean(Bool)
    /// Digits, of any length.
    case bigNumber(String)
}

extension RESPValue {
    /// Of a simple or bulk string.
    package var text: String? {
        switch self {
        case .simple(let text), .bigNumber(let text): text
        case .bulk(let buffer): String(buffer: buffer)
        default: nil
        }
    }

    /// Also of a string of digits.
    package var int: Int64? {
        if case .integer(let value) = self { return value }
        return text.flatMap { Int64($0) }
    }

    /// Of an array, or a map's keys and values in turn.
    package var elements: [RESPValue]? {
        switch self {
        case .array(let elements), .map(let elements), .push(let elements): elements
        default: nil
        }
    }
}
