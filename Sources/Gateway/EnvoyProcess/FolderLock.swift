import Foundation

/// Held while a supervisor runs; the kernel lets go of it when the process dies, however it dies.
struct FolderLock: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EnvoyProcessError(.folderUnusable, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw EnvoyProcessError(
                .alreadySupervised,
                "cannot run Envoy from \(path): another fairway is using that folder; stop it, "
                    + "or choose another --data-dir")
        }
    }

    func release() { close(descriptor) }
}
