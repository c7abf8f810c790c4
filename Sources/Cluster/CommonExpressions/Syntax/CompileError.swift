/// Why a text is no expression that can be evaluated.
package struct CompileError: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    /// Where in the text, in scalars.
    package var offset: Int
    /// The line of the text with the mistake, and a mark under it.
    private var excerpt = ""
    private var line = 1
    private var column = 1

    init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    /// With the place shown in `source`, as cel-go shows it.
    func located(in source: String) -> CompileError {
        var located = self
        let before = source.unicodeScalars.prefix(offset)
        let start = before.lastIndex(of: "\n").map(before.index(after:)) ?? before.startIndex
        located.line = before.count { $0 == "\n" } + 1
        located.column = before[start...].count + 1
        let line = source.unicodeScalars[start...].prefix { $0 != "\n" }
        located.excerpt = " | \(String(line))\n | " + String(repeating: ".", count: located.column - 1) + "^"
        return located
    }

    package var description: String {
        excerpt.isEmpty ? message : "ERROR: <input>:\(line):\(column): \(message)\n\(excerpt)"
    }
}
