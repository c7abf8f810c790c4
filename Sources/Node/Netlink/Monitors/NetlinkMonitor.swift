import CLinux
import Glibc
import WireCodec

/// Notices of the kernel as an asynchronous sequence, from the moment it is made. A thread of its own reads the socket.
///
///     for await element in try NetlinkMonitor.route(in: namespace) { … }
///
/// One task may read it. The kernel drops notices when its buffer (4 MiB by default) is full; that shows as `.resync`, as do more
/// than 4,096 unread notices. The thread ends with the last reference.
package final class NetlinkMonitor<Notice: Sendable>: AsyncSequence, Sendable {
    package typealias Element = MonitorElement<Notice>
    package typealias Failure = Never

    private let queue: NoticeQueue<Notice>
    private let waker: Int32

    /// - Parameters:
    ///   - port: of a socket whose changes shall give no notices: our own, which we know about.
    ///   - exception: a message type that comes even then.
    init<Decoder: NoticeDecoder>(
        _ family: NetlinkSocket.Family, groups: [Int32], in namespace: NetworkNamespace?, ignoring port: UInt32?,
        except exception: UInt16 = 0, receiveBuffer: Int = 4 << 20, capacity: Int = 4096, decoder: Decoder
    ) throws(KernelError) where Decoder.Notice == Notice {
        let socket = try NetlinkSocket.open(family, in: namespace)
        _ = clinux_socket_buffer(socket.descriptor, 1, Int32(clamping: receiveBuffer))
        if let port {
            _ = try checked(clinux_netlink_ignore_port(socket.descriptor, port, exception), "filter kernel notices")
        }
        for group in groups {
            // NETLINK_ADD_MEMBERSHIP
            _ = try checked(clinux_netlink_option(socket.descriptor, 1, group), "listen to kernel notices")
        }
        waker = try checked(clinux_eventfd(), "make an eventfd")
        let queue = NoticeQueue<Notice>(capacity: capacity)
        self.queue = queue
        let reader = NoticeReader(socket: socket, waker: waker, queue: queue)
        Thread.detach(name: "netlink-monitor") { reader.run(decoder) }
    }

    deinit {
        // The thread closes it.
        _ = clinux_eventfd_signal(waker)
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(monitor: self)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let monitor: NetlinkMonitor

        package mutating func next() async -> Element? {
            await monitor.queue.next()
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
            await monitor.queue.next()
        }
    }
}

/// Makes notices of messages, which may come in several.
protocol NoticeDecoder: Sendable {
    associatedtype Notice: Sendable
    mutating func take(_ message: NetlinkMessage) throws(WireError) -> Notice?
    /// Messages were lost.
    mutating func reset()
}

/// The thread's side.
private struct NoticeReader<Notice: Sendable>: Sendable {
    var socket: NetlinkSocket
    var waker: Int32
    var queue: NoticeQueue<Notice>

    func run<Decoder: NoticeDecoder>(_ decoder: Decoder) where Decoder.Notice == Notice {
        var decoder = decoder
        var buffer: [UInt8] = []
        var ready: Int32 = 1
        while ready == 1 {
            ready = clinux_wait_readable(socket.descriptor, waker)
            guard ready == 1 else { break }
            do {
                try readOne(into: &buffer, &decoder)
            } catch {
                // Lost (ENOBUFS) or not understood: either way the truth must be read again.
                decoder.reset()
                queue.overrun()
            }
        }
        // Else the monitor may still signal it.
        if ready == 2 { close(waker) }
        queue.finish()
    }

    private func readOne<Decoder: NoticeDecoder>(into buffer: inout [UInt8], _ decoder: inout Decoder) throws
    where Decoder.Notice == Notice {
        var datagram = try NetlinkDatagram.receive(
            from: socket.descriptor, into: &buffer, for: "read kernel notices", blocking: false)
        while let message = try NetlinkMessage.next(from: &datagram) {
            if let notice = try decoder.take(message) { queue.add(notice) }
        }
    }
}
