import CLinux
import Glibc

/// POSIX threads without Foundation.
enum Thread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread, which then ends.
    static func detach(name: String, _ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let context = Unmanaged.passRetained(
            Body {
                _ = clinux_name_thread(name)
                body()
            }
        ).toOpaque()
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        // As with memory, there is no going on without a thread.
        precondition(failure == 0, "could not start a thread for \(name): \(String(cString: strerror(failure)))")
    }
}

/// Wakes one waiting thread; a signal given before the wait is not lost.
final class ThreadSignal: @unchecked Sendable {
    // Unchecked: sem_post and sem_wait may be called from any thread; the storage never moves.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() {
        sem_post(semaphore)
    }

    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}
