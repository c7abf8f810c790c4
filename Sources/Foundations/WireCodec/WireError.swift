/// Why bytes could not be read or written. Offsets count from the first byte of the whole message.
package enum WireError: Error, Hashable, Sendable {
    /// `needed` more bytes were wanted at `offset`, and only `left` are there.
    case truncated(offset: Int, needed: Int, left: Int)
    /// A length field says `length`, which cannot be: too small for its own header, or longer than what holds it.
    case badLength(offset: Int, length: Int)
    /// A field has another width than its type says.
    case badWidth(offset: Int, expected: Int, found: Int)
    /// A text is not UTF-8, or longer than allowed.
    case badText(offset: Int)
    /// What is written does not fit its 16-bit length.
    case tooLong(length: Int)
}

extension WireError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let offset, let needed, let left):
            "the message ends at byte \(offset + left), \(needed - left) bytes too early"
        case .badLength(let offset, let length): "the length \(length) at byte \(offset) cannot be"
        case .badWidth(let offset, let expected, let found):
            "the field at byte \(offset) has \(found) bytes instead of \(expected)"
        case .badText(let offset): "the text at byte \(offset) is not valid"
        case .tooLong(let length): "\(length) bytes do not fit a field whose length has 16 bits"
        }
    }
}
