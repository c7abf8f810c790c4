import CLinux
import Glibc
import Synchronization
import WireCodec

/// A long-lived netlink socket for requests. It stays in the network namespace that it was opened in, whoever uses it later.
///
/// Calls block: the kernel does the work inside `sendto`, so that the answer already waits when it returns. Most calls take 5 to 50
/// microseconds and may be made from anywhere; deleting a link takes some 20 ms (it waits for RCU), a batch of 50,000 set elements some
/// 100 ms: make those from an actor whose executor is a `BlockingThread`. Requests of several callers are served one after another.
/// For notices there is `NetlinkMonitor`.
package final class NetlinkSocket: Sendable {
    package enum Family: Int32, Sendable {
        /// `NETLINK_ROUTE`
        case route = 0
        /// `NETLINK_NETFILTER`
        case netfilter = 12
    }

    private struct State {
        var sequence: UInt32
        var received: [UInt8]
        var writer = WireWriter(capacity: 4096)
    }

    /// Longer than any datagram that the kernel sends (32 KiB for dumps, 64 KiB for one object).
    static let datagramLimit = 128 << 10

    let descriptor: Int32
    /// The kernel's name for this socket: notices that our own requests caused carry it.
    package let port: UInt32
    private let state: Mutex<State>

    /// Opens a socket in the calling thread's namespace, which is the process's unless inside `NetworkNamespace.run`.
    package init(_ family: Family, sendBuffer: Int = 32 << 20, receiveBuffer: Int = 4 << 20) throws(KernelError) {
        var port: UInt32 = 0
        descriptor = try checked(clinux_netlink_open(family.rawValue, &port), "open a netlink socket")
        self.port = port
        // The first sequence is arbitrary; one that differs by socket makes mixed-up answers visible.
        state = Mutex(State(sequence: port &* 2_654_435_761 | 1, received: []))
        // NETLINK_CAP_ACK, NETLINK_EXT_ACK: short errors with the kernel's words. Kernels without them just say less.
        _ = clinux_netlink_option(descriptor, 10, 1)
        _ = clinux_netlink_option(descriptor, 11, 1)
        // NETLINK_GET_STRICT_CHK: the kernel filters dumps by the fields of the request's header.
        if family == .route { _ = clinux_netlink_option(descriptor, 12, 1) }
        _ = clinux_socket_buffer(descriptor, 0, Int32(clamping: sendBuffer))
        _ = clinux_socket_buffer(descriptor, 1, Int32(clamping: receiveBuffer))
    }

    /// Opens a socket inside `namespace`.
    package static func open(_ family: Family, in namespace: NetworkNamespace?) throws(KernelError) -> NetlinkSocket {
        guard let namespace else { return try NetlinkSocket(family) }
        return try namespace.enter { Self.opened(family) }.get()
    }

    private static func opened(_ family: Family) -> Result<NetlinkSocket, KernelError> {
        do throws(KernelError) {
            return .success(try NetlinkSocket(family))
        } catch {
            return .failure(error)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Sends one request and waits for its acknowledgement.
    func perform(_ request: NetlinkRequest) throws(KernelError) {
        if let error = try performAll([request])[0] { throw error }
    }

    /// Sends requests together; the kernel works them off in order and goes on behind a failure. One answer for each, `nil` for success.
    func performAll(_ requests: [NetlinkRequest]) throws(KernelError) -> [KernelError?] {
        var answers: [KernelError?] = []
        var start = 0
        while start < requests.count {
            // Acknowledgements of one datagram must fit the receive buffer.
            let end = min(start + 256, requests.count)
            answers += try exchange(requests[start..<end])
            start = end
        }
        return answers
    }

    private func exchange(_ requests: ArraySlice<NetlinkRequest>) throws(KernelError) -> [KernelError?] {
        try state.withLock { state throws(KernelError) in
            let base = Self.reserve(requests.count, in: &state)
            state.writer.removeAll()
            for (index, request) in requests.enumerated() {
                request.write(to: &state.writer, flags: .acknowledge, sequence: base &+ UInt32(index))
            }
            let first = requests[requests.startIndex].operation
            try send(state.writer.bytes, for: first)
            var answers = [KernelError?](repeating: nil, count: requests.count)
            var missing = requests.count
            while missing > 0 {
                var datagram = try receive(into: &state.received, for: first, blocking: true)
                while let message = try nextMessage(of: &datagram, for: first) {
                    guard message.type == NetlinkMessage.error else { continue }
                    let answer = try readAcknowledgement(message, for: first)
                    let index = Int(answer.sequence &- base)
                    guard index < requests.count else { continue }
                    missing -= 1
                    guard answer.code != 0 else { continue }
                    answers[index] = KernelError(
                        requests[requests.startIndex + index].operation, code: answer.code, detail: answer.text)
                }
            }
            return answers
        }
    }

    /// Sends one request and decodes the object that the kernel answers with.
    func get<Value: Sendable>(
        _ request: NetlinkRequest, _ decode: (NetlinkMessage) throws(WireError) -> Value?
    )
        throws(KernelError) -> Value
    {
        let found = try state.withLock { state throws(KernelError) in
            try collect(request, flags: .acknowledge, in: &state, decode).values
        }
        guard let first = found.first else { throw KernelError(request.operation, code: ENOENT) }
        return first
    }

    /// Asks for all objects. A dump that the kernel marks as interrupted by a change, or that overran our buffer, is taken again.
    func dump<Value: Sendable>(
        _ request: NetlinkRequest, _ decode: (NetlinkMessage) throws(WireError) -> Value?
    )
        throws(KernelError) -> [Value]
    {
        for _ in 0..<Self.dumpAttempts {
            let found = try state.withLock { state throws(KernelError) in
                try collect(request, flags: .dump, in: &state, decode)
            }
            if !found.interrupted { return found.values }
        }
        throw KernelError(
            request.operation, code: EINTR,
            detail: "the list kept changing while it was read, \(Self.dumpAttempts) times")
    }

    private static let dumpAttempts = 20

    private func collect<Value: Sendable>(
        _ request: NetlinkRequest, flags: MessageFlags, in state: inout State,
        _ decode: (NetlinkMessage) throws(WireError) -> Value?
    ) throws(KernelError) -> (values: [Value], interrupted: Bool) {
        let sequence = Self.reserve(1, in: &state)
        state.writer.removeAll()
        request.write(to: &state.writer, flags: flags, sequence: sequence)
        try send(state.writer.bytes, for: request.operation)
        var values: [Value] = []
        var interrupted = false
        while true {
            var datagram: WireReader
            do throws(KernelError) {
                datagram = try receive(into: &state.received, for: request.operation, blocking: true)
            } catch {
                guard error.code == ENOBUFS else { throw error }
                interrupted = true
                continue
            }
            while let message = try nextMessage(of: &datagram, for: request.operation) {
                guard message.sequence == sequence else { continue }
                if message.flags.contains(.interrupted), flags == .dump { interrupted = true }
                if message.type == NetlinkMessage.error || message.type == NetlinkMessage.done {
                    let answer = try readAcknowledgement(message, for: request.operation)
                    guard answer.code != 0 else { return (values, interrupted) }
                    // EINTR and, from nf_tables, EAGAIN: the object changed under the dump.
                    if flags == .dump, answer.code == EINTR || answer.code == EAGAIN { return ([], true) }
                    throw KernelError(request.operation, code: answer.code, detail: answer.text)
                }
                if let value = try decoded(message, for: request.operation, decode) { values.append(value) }
            }
        }
    }
}

extension NetlinkSocket {
    /// Sends a prepared datagram whose last message alone asks for an acknowledgement, and gives back all answers with a sequence in
    /// `base..<base + count`. As the kernel answers before `sendto` returns, this never waits.
    func exchangeBatch(
        count: Int, operation: String, _ write: (_ base: UInt32) -> [UInt8]
    )
        throws(KernelError) -> (base: UInt32, answers: [Acknowledgement])
    {
        try state.withLock { state throws(KernelError) in
            let base = Self.reserve(count, in: &state)
            try send(write(base), for: operation)
            var answers: [Acknowledgement] = []
            while true {
                var datagram: WireReader
                do throws(KernelError) {
                    datagram = try receive(into: &state.received, for: operation, blocking: false)
                } catch {
                    if error.code == EAGAIN { return (base, answers) }
                    if error.code == ENOBUFS { continue }
                    throw error
                }
                while let message = try nextMessage(of: &datagram, for: operation) {
                    guard message.type == NetlinkMessage.error else { continue }
                    let answer = try readAcknowledgement(message, for: operation)
                    guard Int(answer.sequence &- base) < count else { continue }
                    answers.append(answer)
                    // Success of the last one is the end: only failures make the kernel say more.
                    if answer.code == 0, answer.sequence == base &+ UInt32(count - 1), answers.count == 1 {
                        return (base, answers)
                    }
                }
            }
        }
    }

    private static func reserve(_ count: Int, in state: inout State) -> UInt32 {
        defer { state.sequence &+= UInt32(truncatingIfNeeded: count) }
        return state.sequence
    }

    private func send(_ bytes: [UInt8], for operation: String) throws(KernelError) {
        let sent = bytes.withUnsafeBytes { clinux_netlink_send(descriptor, $0.baseAddress, $0.count) }
        guard sent >= 0 else { throw KernelError(operation, code: Int32(-sent), detail: "sendto netlink") }
    }

    private func receive(
        into buffer: inout [UInt8], for operation: String, blocking: Bool
    ) throws(KernelError)
        -> WireReader
    {
        try NetlinkDatagram.receive(from: descriptor, into: &buffer, for: operation, blocking: blocking)
    }

    private func nextMessage(
        of datagram: inout WireReader, for operation: String
    ) throws(KernelError)
        -> NetlinkMessage?
    {
        do {
            return try NetlinkMessage.next(from: &datagram)
        } catch {
            throw KernelError(operation, code: EBADMSG, detail: "the kernel's answer: \(error)")
        }
    }

    private func readAcknowledgement(
        _ message: NetlinkMessage, for operation: String
    ) throws(KernelError)
        -> Acknowledgement
    {
        do {
            return message.type == NetlinkMessage.done
                ? try Acknowledgement(done: message) : try Acknowledgement(error: message)
        } catch {
            throw KernelError(operation, code: EBADMSG, detail: "the kernel's answer: \(error)")
        }
    }

    private func decoded<Value>(
        _ message: NetlinkMessage, for operation: String, _ decode: (NetlinkMessage) throws(WireError) -> Value?
    ) throws(KernelError) -> Value? {
        do {
            return try decode(message)
        } catch {
            throw KernelError(operation, code: EBADMSG, detail: "the kernel's answer: \(error)")
        }
    }
}

/// Reading one datagram of a netlink socket.
enum NetlinkDatagram {
    /// Skips what other processes sent us: only the kernel (port 0) is believed.
    static func receive(
        from descriptor: Int32, into buffer: inout [UInt8], for operation: String, blocking: Bool
    ) throws(KernelError) -> WireReader {
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: NetlinkSocket.datagramLimit) }
        while true {
            var sender: UInt32 = 0
            var truncated: Int32 = 0
            let count = buffer.withUnsafeMutableBytes {
                clinux_netlink_receive(descriptor, $0.baseAddress, $0.count, blocking ? 0 : 1, &sender, &truncated)
            }
            guard count >= 0 else { throw KernelError(operation, code: Int32(-count), detail: "receive from netlink") }
            guard sender == 0 else { continue }
            guard truncated == 0 else {
                throw KernelError(
                    operation, code: EMSGSIZE, detail: "the kernel's answer is longer than \(buffer.count) bytes")
            }
            return WireReader(buffer, count: count)
        }
    }
}
