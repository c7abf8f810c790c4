import Glibc

/// Reads small files whole: credentials and configuration. A bigger one than the limit is an error, never a half read.
enum BoundedFile {
    /// Changes whenever the file is replaced or written; follows symbolic links, by which kubelet swaps its volumes.
    struct Stamp: Hashable, Sendable {
        var inode: UInt64
        var seconds: Int
        var nanoseconds: Int
        var size: Int
    }

    struct Failure: Error, CustomStringConvertible {
        var path: String
        var reason: String
        var description: String { "\(path): \(reason)" }
    }

    static func stamp(of path: String) -> Stamp? {
        var status = stat()
        guard fstatat(AT_FDCWD, path, &status, 0) == 0 else { return nil }
        return Stamp(
            inode: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
            size: Int(status.st_size))
    }

    static func read(_ path: String, limit: Int = 1 << 20) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: path, reason: errorText()) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(path: path, reason: errorText())
            }
            if count == 0 { return content }
            content.append(contentsOf: chunk[..<count])
            if content.count > limit { throw Failure(path: path, reason: "larger than \(limit) bytes") }
        }
    }

    private static func errorText() -> String { String(cString: strerror(errno)) }
}
