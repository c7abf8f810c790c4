import Glibc

/// Small files that only their owner may read.
enum PrivateFile {
    /// `nil` if there is no such file.
    static func read(_ path: String) throws(LocalClusterError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .unreadable(file: path, reason: reason())
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .unreadable(file: path, reason: reason()) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Replaces the file in one step, so that it is never half there.
    static func write(_ text: String, to path: String) throws(LocalClusterError) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(file: path, reason: reason()) }
        let bytes = Array(text.utf8)
        // The mode of `open` is only for files that are new.
        let isWritten =
            fchmod(descriptor, 0o600) == 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count
            && fsync(descriptor) == 0
        let why = isWritten ? "" : reason()
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw .unwritable(file: path, reason: why)
        }
        guard rename(temporary, path) == 0 else { throw .unwritable(file: path, reason: reason()) }
    }

    /// An empty file for its owner alone, unless there is one, whose mode is made so.
    static func makeIfMissing(_ path: String) throws(LocalClusterError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(file: path, reason: reason()) }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw .unwritable(file: path, reason: reason()) }
    }

    /// Makes a folder, and those above it, for its owner alone.
    static func makeDirectory(_ path: String) throws(LocalClusterError) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            partial += component + "/"
            if mkdir(partial, 0o700) != 0, errno != EEXIST {
                throw .unwritable(file: partial, reason: reason())
            }
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
