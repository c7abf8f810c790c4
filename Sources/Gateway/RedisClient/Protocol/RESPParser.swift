package import NIOCore

/// Reads values from bytes that come in any pieces. What a server sends is bounded here: a length field alone makes no
/// memory grow.
package struct RESPParser: Sendable {
    package struct Bounds: Hashable, Sendable {
        /// Of one whole value, bytes.
        package var value = 8 << 20
        /// Of a line: a simple string, an error, a number.
        package var line = 64 << 10
        package var depth = 8
        /// Of one whole value.
        package var elements = 200_000

        package init() {}
    }

    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    private let bounds: Bounds
    /// Bytes that must be there before another attempt can succeed.
    private var needed = 1

    package init(bounds: Bounds = Bounds()) { self.bounds = bounds }

    /// The next value, taken off `buffer`; `nil`: more bytes must come, and none were taken.
    package mutating func next(_ buffer: inout ByteBuffer) throws(Malformed) -> RESPValue? {
        guard buffer.readableBytes >= needed else { return nil }
        var attempt = Attempt(buffer: buffer, bounds: bounds)
        guard let value = try attempt.value(depth: 0) else {
            guard buffer.readableBytes <= bounds.value else {
                throw Malformed(description: "a value longer than \(bounds.value) bytes")
            }
            needed = max(attempt.needed, buffer.readableBytes + 1)
            return nil
        }
        needed = 1
        buffer.moveReaderIndex(to: attempt.buffer.readerIndex)
        return value
    }

    /// One walk over what is there.
    private struct Attempt {
        var buffer: ByteBuffer
        let bounds: Bounds
        let start: Int
        var needed = 0
        var elements = 0

        init(buffer: ByteBuffer, bounds: Bounds) {
            self.buffer = buffer
            self.bounds = bounds
            start = buffer.readerIndex
        }

        mutating func value(depth: Int) throws(Malformed) -> RESPValue? {
            guard depth <= bounds.depth else {
                throw Malformed(description: "values nested deeper than \(bounds.depth)")
            }
            elements += 1
            guard elements <= bounds.elements else {
                throw Malformed(description: "a value of more than \(bounds.elements) elements")
            }
            guard let type: UInt8 = buffer.readInteger() else { return nil }
            switch type {
            case UInt8(ascii: "+"): return try line().map { .simple($0) }
            case UInt8(ascii: "-"): return try line().map { .error($0) }
            case UInt8(ascii: ":"): return try number().map { .integer($0) }
            case UInt8(ascii: "("): return try bigNumber()
            case UInt8(ascii: ","): return try double()
            case UInt8(ascii: "#"): return try boolean()
            case UInt8(ascii: "_"): return try line().map { _ in .null }
            case UInt8(ascii: "$"): return try bulk().map { $0.map { .bulk($0) } ?? .null }
            case UInt8(ascii: "!"): return try bulk().map { .error($0.map { String(buffer: $0) } ?? "") }
            case UInt8(ascii: "="): return try verbatim()
            case UInt8(ascii: "*"), UInt8(ascii: "~"):
                return try aggregate(depth, 1).map { $0.map { .array($0) } ?? .null }
            case UInt8(ascii: ">"): return try aggregate(depth, 1).map { .push($0 ?? []) }
            case UInt8(ascii: "%"): return try aggregate(depth, 2).map { .map($0 ?? []) }
            case UInt8(ascii: "|"):
                // Attributes say something about the value behind them that nobody asked for.
                guard try aggregate(depth, 2) != nil else { return nil }
                return try value(depth: depth + 1)
            default: throw Malformed(description: "a value that begins with byte \(type)")
            }
        }

        private mutating func line() throws(Malformed) -> String? {
            let view = buffer.readableBytesView
            guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
                guard view.count <= bounds.line else {
                    throw Malformed(description: "a line longer than \(bounds.line) bytes")
                }
                return nil
            }
            guard end > view.startIndex, end - view.startIndex <= bounds.line, view[end - 1] == UInt8(ascii: "\r")
            else {
                throw Malformed(description: "a line without a carriage return at its end, or too long")
            }
            let text = String(decoding: view[view.startIndex..<end - 1], as: UTF8.self)
            buffer.moveReaderIndex(to: end + 1)
            return text
        }

        private mutating func number() throws(Malformed) -> Int64? {
            guard let text = try line() else { return nil }
            guard let number = Int64(text) else { throw Malformed(description: "no number where one must be") }
            return number
        }

        private mutating func bigNumber() throws(Malformed) -> RESPValue? {
            guard let text = try line() else { return nil }
            let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw Malformed(description: "no number where one must be")
            }
            return .bigNumber(text)
        }

        private mutating func double() throws(Malformed) -> RESPValue? {
            guard let text = try line() else { return nil }
            guard let double = Double(text) else { throw Malformed(description: "no number where one must be") }
            return .double(double)
        }

        private mutating func boolean() throws(Malformed) -> RESPValue? {
            guard let text = try line() else { return nil }
            guard text == "t" || text == "f" else { throw Malformed(description: "neither true nor false") }
            return .boolean(text == "t")
        }

        /// `.some(nil)`: version 2's null.
        private mutating func bulk() throws(Malformed) -> ByteBuffer?? {
            guard let length = try number() else { return nil }
            if length == -1 { return .some(nil) }
            guard (0...Int64(bounds.value)).contains(length) else {
                throw Malformed(description: "a string of \(length) bytes")
            }
            guard buffer.readableBytes >= Int(length) + 2 else {
                needed = buffer.readerIndex - start + Int(length) + 2
                return nil
            }
            let slice = buffer.readSlice(length: Int(length))
            guard buffer.readInteger(as: UInt16.self) == 0x0d0a else {
                throw Malformed(description: "a string that does not end where it must")
            }
            return .some(slice)
        }

        /// `txt:` or `mkd:` stands in front.
        private mutating func verbatim() throws(Malformed) -> RESPValue? {
            guard let slice = try bulk() else { return nil }
            guard var slice else { return .null }
            guard slice.readableBytes >= 4 else { throw Malformed(description: "a verbatim string without its format") }
            slice.moveReaderIndex(forwardBy: 4)
            return .bulk(slice)
        }

        private mutating func aggregate(_ depth: Int, _ width: Int) throws(Malformed) -> [RESPValue]?? {
            guard let count = try number() else { return nil }
            if count == -1 { return .some(nil) }
            guard count >= 0, count <= bounds.elements / width else {
                throw Malformed(description: "a value of \(count) elements")
            }
            var values: [RESPValue] = []
            // Each takes three bytes or more: what is not there yet reserves nothing.
            values.reserveCapacity(min(Int(count) * width, buffer.readableBytes / 3))
            for _ in 0..<Int(count) * width {
                guard let value = try value(depth: depth + 1) else { return nil }
                values.append(value)
            }
            return values
        }
    }
}
