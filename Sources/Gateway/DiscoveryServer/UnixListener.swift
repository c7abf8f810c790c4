#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A bound unix socket that nobody else can open.
enum UnixListener {
    /// Binds a socket file of mode 0600. A file that a dead process left is replaced; a living one is not robbed.
    /// - Returns: the descriptor, bound and not yet listening.
    static func bind(path: String) throws(DiscoveryServerError) -> Int {
        guard path.utf8.count < capacity else {
            throw DiscoveryServerError(
                description: "listen for proxies on unix:\(path): the path is longer than \(capacity - 1) bytes; "
                    + "choose a shorter data directory")
        }
        guard !isServed(path) else {
            throw DiscoveryServerError(
                description: "listen for proxies on unix:\(path): another process serves it; stop that one first")
        }
        unlink(path)
        let descriptor = makeSocket()
        // On Linux the mode of the descriptor becomes the mode of the file, so that there is no moment of a wider one.
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0, withAddress(path, { Self.bind(descriptor, $0, $1) }) == 0
        else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw DiscoveryServerError(description: "listen for proxies on unix:\(path): \(reason)")
        }
        return Int(descriptor)
    }

    private static var capacity: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) }

    private static func makeSocket() -> Int32 {
        #if canImport(Glibc)
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
            socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
    }

    private static func isServed(_ path: String) -> Bool {
        let descriptor = makeSocket()
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withAddress(path) { connect(descriptor, $0, $1) } == 0
    }

    private static func bind(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
        #if canImport(Glibc)
            Glibc.bind(descriptor, address, length)
        #else
            Darwin.bind(descriptor, address, length)
        #endif
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { place in
            place.copyBytes(from: path.utf8.prefix(place.count - 1))
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
