package import NIOCore

/// A command as it goes over the wire: an array of strings.
package struct RedisCommand: Sendable {
    package private(set) var bytes: ByteBuffer

    package init(_ words: String...) { self.init(words) }

    package init(_ words: [String]) {
        var bytes = ByteBufferAllocator().buffer(capacity: words.reduce(16) { $0 + $1.utf8.count + 16 })
        bytes.writeString("*\(words.count)\r\n")
        for word in words {
            bytes.writeString("$\(word.utf8.count)\r\n")
            bytes.writeString(word)
            bytes.writeStaticString("\r\n")
        }
        self.bytes = bytes
    }
}
