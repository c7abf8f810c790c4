import Glibc
import NIOCore

/// Cuts a byte stream into lines, wherever the chunks' borders fall. Holds at most one unfinished line, of bounded size.
struct LineSplitter {
    struct LineTooLong: Error {
        var limit: Int
    }

    private var buffer = ByteBuffer()
    /// Bytes of the unfinished line in which no line feed was found.
    private var searched = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Bytes of a line that has no end yet.
    var hasPartialLine: Bool { buffer.readableBytes > 0 }

    mutating func append(_ chunk: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = chunk
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(chunk)
        }
    }

    /// The next whole line without its line feed; empty lines are passed over.
    mutating func nextLine() throws(LineTooLong) -> ByteBuffer? {
        while true {
            let found = buffer.withUnsafeReadableBytes { bytes -> Int? in
                guard let base = bytes.baseAddress, searched < bytes.count,
                    let hit = memchr(base + searched, 0x0a, bytes.count - searched)
                else { return nil }
                return UnsafeRawPointer(hit) - base
            }
            guard let found else {
                searched = buffer.readableBytes
                if searched > limit { throw LineTooLong(limit: limit) }
                return nil
            }
            searched = 0
            guard found <= limit else { throw LineTooLong(limit: limit) }
            let line = buffer.readSlice(length: found)
            buffer.moveReaderIndex(forwardBy: 1)
            if let line, line.readableBytes > 0 { return line }
        }
    }
}
