import Foundation

/// Where one supervisor and its Envoy keep files: the bootstrap, sockets, pipes, and who is running.
struct RunFolder: Sendable {
    /// Longest path of a unix socket, with its final zero (unix(7)).
    private static let socketPathLimit = 108

    let dataDirectory: String
    /// The data directory, or a short private folder when sockets in it would have too long a name.
    let socketDirectory: String

    var discoverySocket: String { socketDirectory + "/discovery.sock" }
    var limiterSocket: String { socketDirectory + "/ratelimit.sock" }
    var recordPath: String { Self.recordPath(in: dataDirectory) }
    var lockPath: String { dataDirectory + "/envoy.lock" }

    static func recordPath(in dataDirectory: String) -> String { dataDirectory + "/envoy-process.json" }
    func adminSocket(_ instance: String) -> String { socketDirectory + "/envoy-\(instance).sock" }
    func bootstrapPath(_ instance: String) -> String { dataDirectory + "/envoy-\(instance).json" }
    func accessLogPipe(_ instance: String) -> String { dataDirectory + "/envoy-\(instance).out" }
    func logPipe(_ instance: String) -> String { dataDirectory + "/envoy-\(instance).err" }

    /// Makes the folders, readable by their owner alone.
    init(dataDirectory: String, temporaryDirectory: String = NSTemporaryDirectory()) throws {
        let absolute = URL(fileURLWithPath: dataDirectory).standardizedFileURL.path
        self.dataDirectory = absolute
        // A data directory that exists keeps its mode: it is the user's.
        try Self.makeFolder(absolute)
        let longest = absolute.utf8.count + "/envoy-".utf8.count + 17 + ".sock".utf8.count + 1
        if longest <= Self.socketPathLimit {
            socketDirectory = absolute
        } else {
            let base = temporaryDirectory.hasSuffix("/") ? String(temporaryDirectory.dropLast()) : temporaryDirectory
            socketDirectory = "\(base)/fairway-\(getuid())-\(Fingerprint(of: absolute))"
            try Self.makeFolder(socketDirectory)
            try Self.checkPrivate(socketDirectory)
        }
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw EnvoyProcessError(.folderUnusable, "cannot make the folder \(path) for Envoy: \(error)")
        }
    }

    /// In a folder that everyone may write to, somebody else could have been there first.
    private static func checkPrivate(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid(),
            status.st_mode & 0o077 == 0
        else {
            throw EnvoyProcessError(
                .folderUnusable,
                "cannot put Envoy's sockets into \(path): it is not a private folder of this user; remove it, "
                    + "or choose a --data-dir with a shorter path")
        }
    }

    /// Replaces a file in one step, readable by its owner alone.
    func write(_ text: String, to path: String) throws {
        let draft = path + ".new"
        // Left over from a crash: its mode is not known.
        unlink(draft)
        let made = FileManager.default.createFile(
            atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard made, rename(draft, path) == 0 else {
            throw EnvoyProcessError(
                .folderUnusable, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    func removeRecord() { unlink(recordPath) }

    /// Takes what an instance left behind away.
    func removeFiles(of instance: String) {
        for path in [
            adminSocket(instance), bootstrapPath(instance), accessLogPipe(instance), logPipe(instance),
        ] {
            unlink(path)
        }
    }
}

/// A short name for a text (FNV-1a, 64 bits), stable between runs. Not a seal: nobody hostile chooses the text.
struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(of text: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let hex = String(hash, radix: 16)
        description = String(repeating: "0", count: 16 - hex.count) + hex
    }
}
