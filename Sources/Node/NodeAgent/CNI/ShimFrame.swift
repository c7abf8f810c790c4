import NIOCore
import PodNetwork

/// What `fairway-cni` sends and gets, over the agent's unix socket. One question per connection; all numbers have 32 bits in network
/// order.
///
///     question   "FWC1"   length of the rest   count of variables   (length, NAME=value)…   configuration
///     answer     exit code   length of the rest   what to print
enum ShimFrame {
    /// Of a question without its first 8 bytes: a configuration of 1 MiB and its variables.
    static let limit = (1 << 20) + (64 << 10)

    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    /// Takes a whole question out of `buffer`; `nil` while it is incomplete.
    static func question(from buffer: inout ByteBuffer) throws(Malformed) -> CNIInvocation? {
        guard buffer.readableBytes >= 8 else { return nil }
        guard buffer.getString(at: buffer.readerIndex, length: 4) == "FWC1",
            let length = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self)
        else { throw Malformed(description: "not a question of fairway-cni") }
        guard length <= limit else { throw Malformed(description: "a question of \(length) bytes is too long") }
        guard buffer.readableBytes >= 8 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 8)
        guard var body = buffer.readSlice(length: Int(length)) else { return nil }
        return try invocation(from: &body)
    }

    private static func invocation(from body: inout ByteBuffer) throws(Malformed) -> CNIInvocation {
        guard let count = body.readInteger(as: UInt32.self), count <= 16 else {
            throw Malformed(description: "a question has too many variables")
        }
        var environment: [String: String] = [:]
        for _ in 0..<count {
            guard let length = body.readInteger(as: UInt32.self), let bytes = body.readBytes(length: Int(length)),
                let separator = bytes.firstIndex(of: UInt8(ascii: "="))
            else { throw Malformed(description: "a variable is cut off") }
            let name = String(decoding: bytes[..<separator], as: UTF8.self)
            environment[name] = String(decoding: bytes[(separator + 1)...], as: UTF8.self)
        }
        return CNIInvocation(environment: environment, configuration: Array(body.readableBytesView))
    }

    static func write(_ answer: CNIAnswer, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(bitPattern: answer.exitCode))
        buffer.writeInteger(UInt32(answer.output.count))
        buffer.writeBytes(answer.output)
    }
}
