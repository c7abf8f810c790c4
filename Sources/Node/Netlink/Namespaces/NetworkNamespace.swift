import CLinux
import Glibc
import Synchronization

/// A network namespace, held open: it lives at least as long as this value.
package final class NetworkNamespace: Sendable {
    /// Tells namespaces apart while they live. A path or a process number may mean another one later; compare this before
    /// touching anything inside.
    package struct Identity: Hashable, Sendable, Codable, CustomStringConvertible {
        package var device: UInt64
        package var inode: UInt64

        package init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }

        package var description: String { "\(device):\(inode)" }
    }

    /// Open for as long as the namespace is used; give it to `LinkSpecification.peerNamespace` and the like.
    package let descriptor: Int32
    package let identity: Identity
    /// Where it was opened from, for messages.
    package let path: String

    /// Opens `/run/netns/NAME`, `/proc/PID/ns/net` and the like. ENOENT where the path is gone, ENOTTY (`isNamespaceGone`) where the
    /// file is there but no longer a namespace.
    package convenience init(path: String) throws(KernelError) {
        let descriptor = try checked(clinux_open(path, O_RDONLY, 0), "open the network namespace \(path)")
        try self.init(adopting: descriptor, path: path)
    }

    /// Takes over an open descriptor, and closes it where it is not a network namespace.
    package init(adopting descriptor: Int32, path: String) throws(KernelError) {
        self.descriptor = descriptor
        self.path = path
        var status = stat()
        let isOther = clinux_namespace_type(descriptor) != CLINUX_CLONE_NEWNET
        guard !isOther, fstat(descriptor, &status) == 0 else {
            close(descriptor)
            throw KernelError(
                "open the network namespace \(path)", code: ENOTTY,
                detail: "the file is not a network namespace (any more)")
        }
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    deinit {
        close(descriptor)
    }

    /// The calling thread's namespace.
    package static func current() throws(KernelError) -> NetworkNamespace {
        try NetworkNamespace(path: "/proc/thread-self/ns/net")
    }

    /// Runs `body` inside, on a thread made for it, and waits. What `body` opens (sockets) stays in this namespace and may be used
    /// anywhere afterwards; `/proc/sys/net` is this namespace's. The thread ends afterwards, so that no other work can ever find itself
    /// in a foreign namespace. Costs some 30 microseconds, and blocks the caller: it must not wait for other tasks.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        try enter { Result { try body() } }.get()
    }

    /// As the other, without blocking: the caller's task is suspended.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedContinuation { continuation in
            start({ Result { try body() } }, { continuation.resume(returning: $0) })
        }.get().get()
    }

    /// The blocking form for work that reports its own errors.
    func enter<Value: Sendable>(_ body: @escaping @Sendable () -> Value) throws(KernelError) -> Value {
        let outcome = Outcome<Result<Value, KernelError>>()
        start(body, outcome.set)
        return try outcome.wait().get()
    }

    private func start<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value, _ finish: @escaping @Sendable (Result<Value, KernelError>) -> Void
    ) {
        Thread.detach(name: "netns") { [self] in
            let code = -clinux_setns(descriptor, CLINUX_CLONE_NEWNET)
            guard code == 0 else {
                finish(.failure(KernelError("enter the network namespace \(path)", code: code)))
                return
            }
            finish(.success(body()))
        }
    }
}

/// A value that another thread will give.
final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let given = ThreadSignal()

    @Sendable
    func set(_ value: Value) {
        self.value.withLock { $0 = value }
        given.signal()
    }

    /// Call once.
    func wait() -> Value {
        while true {
            given.wait()
            if let value = value.withLock({ $0 }) { return value }
        }
    }
}
