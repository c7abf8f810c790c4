import Glibc
import KubernetesModel
import Netlink

/// The ledger's log in the state directory.
///
/// Lines are written with one `write` each and never synced to the disk: a killed agent loses nothing, as the kernel has the
/// bytes; and after a crash of the machine there is nothing to lose, as no link outlives the kernel. The header's boot id
/// makes a log of an earlier boot void, whatever state its file is in.
struct LedgerLog: ~Copyable {
    private let path: String
    private let header: LedgerLogFormat.Header
    private var descriptor: Int32 = -1
    private var length = 0
    private(set) var lines = 0

    struct Failure: Error, CustomStringConvertible {
        var description: String

        init(_ operation: String, _ path: String, _ code: Int32) {
            description = "could not \(operation) \(path): \(String(cString: strerror(code)))"
        }
    }

    private init(path: String, header: LedgerLogFormat.Header) {
        self.path = path
        self.header = header
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Opens the log and adds what of it still holds to `ledger`.
    init(
        in directory: String, header: LedgerLogFormat.Header, replayingInto ledger: inout AddressLedger
    ) throws(Failure) {
        self.init(path: directory + "/addresses.log", header: header)
        let content = LedgerLogFormat.read(try Self.contents(of: path))
        for event in content.events {
            // Of an earlier boot only the pools still mean something: they let pods start before the API server is reached.
            if content.header == header || event.isPools { ledger.apply(event) }
        }
        try rewrite(ledger.snapshot)
    }

    private static func contents(of path: String) throws(Failure) -> [UInt8] {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw Failure("read", path, errno)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < 1 << 28 {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Failure("read", path, errno) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }

    /// Appends; where that fails, nothing of it stays in the file.
    mutating func append(_ events: [LedgerEvent]) throws(Failure) {
        let bytes = events.flatMap { LedgerLogFormat.line($0.json) }
        do {
            try Self.write(bytes, to: descriptor, path)
        } catch {
            ftruncate(descriptor, off_t(length))
            throw error
        }
        length += bytes.count
        lines += events.count
    }

    /// Worth rewriting: mostly history. Keeps the file within a small multiple of what it says.
    func isLong(for reservations: Int) -> Bool { lines > 1024 + 8 * reservations }

    /// Replaces the file by the shortest one of the same meaning, atomically.
    mutating func rewrite(_ events: [LedgerEvent]) throws(Failure) {
        let fresh = path + ".new"
        let file = Glibc.open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("create", fresh, errno) }
        let bytes = LedgerLogFormat.line(header.json) + events.flatMap { LedgerLogFormat.line($0.json) }
        do {
            try Self.write(bytes, to: file, fresh)
        } catch {
            close(file)
            unlink(fresh)
            throw error
        }
        guard rename(fresh, path) == 0 else {
            let code = errno
            close(file)
            throw Failure("rename \(fresh) to", path, code)
        }
        if descriptor >= 0 { close(descriptor) }
        descriptor = file
        length = bytes.count
        lines = events.count + 1
    }

    private static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure("write to", path, count < 0 ? errno : EIO) }
            written += count
        }
    }
}

extension LedgerEvent {
    fileprivate var isPools: Bool { if case .pools = self { true } else { false } }
}

extension LedgerLogFormat.Header {
    /// Of the kernel that runs now. Where it does not tell its boot id, reservations of any run of this kernel are believed: the links
    /// that exist decide in the end.
    static func current(node: NetworkNamespace.Identity) -> LedgerLogFormat.Header {
        let boot = try? Sysctl.read("kernel/random/boot_id")
        return LedgerLogFormat.Header(boot: boot ?? "", node: node.description)
    }
}
