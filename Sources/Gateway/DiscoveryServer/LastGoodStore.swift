import DiscoveryProtocol
import Foundation
import Logging
import Metrics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keeps the last accepted set in a file. Reading and writing never stop the server: what fails is said and counted.
struct LastGoodStore: Sendable {
    let path: String
    let logger: Logger

    /// What an earlier process left, if it can be believed.
    func load() -> ResourceChange? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return try LastGoodFile.decode(Array(data))
        } catch {
            logger.warning(
                "The last accepted configuration cannot be read; proxies wait until the cluster is read",
                metadata: ["file": "\(path)", "error": "\(error)"])
            return nil
        }
    }

    /// Blocks; not for the cooperative pool.
    func save(_ bytes: [UInt8]) {
        do {
            try write(bytes)
        } catch {
            Counter(label: "fairway_xds_last_good_write_failures_total").increment()
            logger.warning(
                "The last accepted configuration cannot be written; proxies are served as before",
                metadata: ["file": "\(path)", "error": "\(error)"])
        }
    }

    /// Writes beside the file, then takes its place, so that a crash leaves the old one or the new one.
    private func write(_ bytes: [UInt8]) throws(DiscoveryServerError) {
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create \(draft)") }
        defer { close(descriptor) }
        do throws(DiscoveryServerError) {
            try writeAll(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw failure("sync \(draft)") }
            guard rename(draft, path) == 0 else { throw failure("rename \(draft) to \(path)") }
        } catch {
            unlink(draft)
            throw error
        }
        syncFolder()
    }

    private func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(DiscoveryServerError) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { all -> Int in
                guard let start = all.baseAddress else { return 0 }
                return Self.writeSome(descriptor, start + offset, all.count - offset)
            }
            guard written > 0 || errno == EINTR else { throw failure("write \(path)") }
            offset += max(written, 0)
        }
    }

    private static func writeSome(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, start, count)
        #else
            Darwin.write(descriptor, start, count)
        #endif
    }

    private func syncFolder() {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func failure(_ step: String) -> DiscoveryServerError {
        DiscoveryServerError(description: "\(step): \(String(cString: strerror(errno)))")
    }
}
