import Glibc

/// One question to the agent over its unix socket, and the answer.
enum AgentConnection {
    enum Outcome {
        case answered(Answer)
        /// Nobody listens; nothing was sent.
        case notReached(String)
        /// The agent went away after the question: whether it acted is not known.
        case brokenOff(String)
    }

    /// The longest answer that is taken.
    private static let maximumAnswer = 1 << 20

    static func ask(_ path: String, _ request: [UInt8], timeout: Int64) -> Outcome {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .notReached(describe(errno)) }
        defer { close(descriptor) }
        guard var address = unixAddress(path) else { return .notReached("the path is longer than a socket's may be") }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { return .notReached(describe(errno)) }
        guard send(request, on: descriptor) else { return .brokenOff(describe(errno)) }
        return receive(on: descriptor, until: milliseconds() + timeout)
    }

    private static func unixAddress(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.isEmpty, !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func send(_ bytes: [UInt8], on descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// The answer: exit code and length, each 32 bits in network order, then what to print.
    private static func receive(on descriptor: Int32, until deadline: Int64) -> Outcome {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            if bytes.count >= 8 {
                let length = Int(word(bytes, 4))
                guard length <= maximumAnswer else { return .brokenOff("its answer is too long") }
                if bytes.count >= 8 + length {
                    let code = Int32(truncatingIfNeeded: word(bytes, 0))
                    return .answered(Answer(exitCode: code, output: Array(bytes[8..<8 + length])))
                }
            }
            let left = deadline - milliseconds()
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&waiting, 1, Int32(left)) != 0 else { return .brokenOff("no answer in time") }
            let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return .brokenOff(describe(errno)) }
            if count == 0 { return .brokenOff("the connection ended before the answer") }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
