/// One word of an expression.
struct Token: Sendable {
    enum Kind: Hashable, Sendable {
        case identifier(String)
        /// An identifier in backticks, which may only stand behind a dot.
        case quotedIdentifier(String)
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        /// An operator or a bracket.
        case symbol(String)
        case end
    }

    var kind: Kind
    /// Of its first scalar.
    var offset: Int

    /// As a message shows it.
    var text: String {
        switch kind {
        case .identifier(let name), .quotedIdentifier(let name): name
        case .symbol(let text): text
        case .int(let value), .uint(let value): String(value)
        case .double(let value): String(value)
        case .string, .bytes: "literal"
        case .end: "<EOF>"
        }
    }
}
