import CLinux
import Foundation
import NetTypes
import Netlink
import TestSupport

/// Real packets: small blocking sockets inside namespaces. Every call has a deadline of a second or two.
enum Traffic {
    /// A server that answers each connection or datagram with the peer's address and ends with the returned value.
    final class Server: Sendable {
        let port: UInt16
        private let descriptor: Int32

        /// - Parameter port: 0 for any that is free.
        init(
            in namespace: NetworkNamespace, _ family: IPAddress.Family, port: UInt16 = 0, datagrams: Bool = false
        ) throws {
            let opened = try namespace.run { try Traffic.listen(family, port, datagrams) }
            (descriptor, self.port) = opened
            let socket = descriptor
            Foundation.Thread.detachNewThread {
                while datagrams ? Traffic.answerDatagram(socket) : Traffic.answerConnection(socket) {}
            }
        }

        deinit {
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
        }
    }

    /// Connects from inside `namespace` and gives back who the server says we are; `nil` where nothing answers.
    static func ask(
        _ address: IPAddress, _ port: UInt16, from namespace: NetworkNamespace, datagrams: Bool = false,
        source: IPAddress? = nil
    ) throws -> String? {
        try namespace.run {
            let socket = try open(address.family, datagrams)
            defer { close(socket) }
            setTimeout(socket)
            if let source {
                guard withAddress(source, 0, { bind(socket, $0, $1) }) == 0 else { throw Failure("bind", errno) }
            }
            guard withAddress(address, port, { connect(socket, $0, $1) }) == 0 else { return nil }
            if datagrams { _ = send(socket, "?", 1, 0) }
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = recv(socket, &bytes, bytes.count, 0)
            return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
        }
    }

    struct Failure: Error {
        var text: String
        init(_ operation: String, _ code: Int32) { text = "\(operation): \(String(cString: strerror(code)))" }
    }

    private static func open(_ family: IPAddress.Family, _ datagrams: Bool) throws -> Int32 {
        let kind = datagrams ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(family == .v4 ? AF_INET : AF_INET6, Int32(kind.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket", errno) }
        return descriptor
    }

    private static func listen(_ family: IPAddress.Family, _ port: UInt16, _ datagrams: Bool) throws -> (Int32, UInt16)
    {
        let descriptor = try open(family, datagrams)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        if family == .v6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4) }
        let any = family == .v4 ? IPAddress.v4(0, 0, 0, 0) : IPAddress(bytes: [UInt8](repeating: 0, count: 16))
        guard let any, withAddress(any, port, { bind(descriptor, $0, $1) }) == 0 else { throw Failure("bind", errno) }
        if !datagrams { _ = Glibc.listen(descriptor, 64) }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return (descriptor, endpoint(storage)?.port ?? 0)
    }

    private static func answerConnection(_ descriptor: Int32) -> Bool {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let peer = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(descriptor, $0, &length) }
        }
        guard peer >= 0 else { return false }
        let text = endpoint(storage).map { "\($0.address)" } ?? ""
        _ = send(peer, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        close(peer)
        return true
    }

    private static func answerDatagram(_ descriptor: Int32) -> Bool {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var byte: UInt8 = 0
        let text: String? = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A datagram socket that is shut down reads 0 bytes without a sender.
                recvfrom(descriptor, &byte, 1, 0, $0, &length) > 0 ? "" : nil
            }
        }
        guard text != nil, let sender = endpoint(storage) else { return false }
        let answer = "\(sender.address)"
        _ = withAddress(sender.address, sender.port) { sendto(descriptor, answer, answer.utf8.count, 0, $0, $1) }
        return true
    }

    private static func setTimeout(_ descriptor: Int32) {
        var time = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func withAddress<Value>(
        _ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { bytes in
            let isV4 = address.family == .v4
            bytes.storeBytes(of: sa_family_t(isV4 ? AF_INET : AF_INET6), as: sa_family_t.self)
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            for (index, byte) in address.bytes.enumerated() { bytes[(isV4 ? 4 : 8) + index] = byte }
            return isV4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    private static func endpoint(_ storage: sockaddr_storage) -> SocketEndpoint? {
        withUnsafeBytes(of: storage) { bytes in
            let isV4 = bytes.load(as: sa_family_t.self) == sa_family_t(AF_INET)
            let start = isV4 ? 4 : 8
            let port = UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
            return IPAddress(bytes: bytes[start..<start + (isV4 ? 4 : 16)]).map {
                SocketEndpoint(address: $0, port: port)
            }
        }
    }
}
