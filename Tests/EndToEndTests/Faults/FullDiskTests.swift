import Foundation
import KubernetesModel
import TestSupport
import Testing

@Suite(
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs, as root has"), .timeLimit(.minutes(2)))
struct FullDiskTests {
    @Test func `On a full disk a write is refused with the reason, traffic flows, and room heals it`() async throws {
        try await FairwayProcess.parts { fairway in
            try await SmallDisk.mounted(at: fairway.dataDirectory, megabytes: 8) {
                try await Backend.run("steady") { backend in
                    try fairway.write(
                        "steady.yaml",
                        Manifest.text(
                            Manifest.service("steady", to: [backend])
                                + [Manifest.route("steady", "steady.test", to: "steady")]))
                    try await Program.run(fairway.upArguments) { up in
                        try await up.waitUntilReady()
                        try await fairway.wait("steady.test")
                        try await fillAndFree(fairway)
                    }
                }
            }
        }
    }

    private func fillAndFree(_ fairway: FairwayProcess) async throws {
        let load = Load()
        let stream = Load.Stream(host: "steady.test", port: fairway.httpPort, backends: "steady")
        let filler = fairway.dataDirectory + "/filler"
        try await load.during([stream]) {
            try SmallDisk.fill(filler)
            let refusal = try await firstRefusal(fairway)
            #expect(refusal.contains("nothing was stored"), "\(refusal)")
            #expect(refusal.contains("free some space"), "\(refusal)")
            // Reading needs no room.
            try await fairway.kubectl("get", "ingress", "steady")
            try FileManager.default.removeItem(atPath: filler)
            try await fairway.apply([Manifest.route("later", "later.test", to: "steady")])
            try await fairway.wait("later.test")
        }
        #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(5))")
    }

    /// Writes until the last free pages of the database's files are used up.
    private func firstRefusal(_ fairway: FairwayProcess) async throws -> String {
        let text = String(repeating: "x", count: 200_000)
        for number in 0..<50 {
            do {
                try await fairway.apply([
                    Manifest.object("v1", "ConfigMap", "large-\(number)", ["data": ["text": .string(text)]])
                ])
            } catch let failure as FairwayProcess.CommandFailure {
                return failure.output
            }
        }
        return "10 MB were stored on a full disk"
    }
}

/// A file system of a few megabytes.
enum SmallDisk {
    static var isPossible: Bool {
        guard geteuid() == 0 else { return false }
        let path = NSTemporaryDirectory() + "fairway-mount-" + UUID().uuidString.prefix(8)
        guard mkdir(path, 0o700) == 0 else { return false }
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount2(path, Int32(MNT_DETACH)) == 0
    }

    struct Failure: Error {
        var step: String
        var code = errno
    }

    static func mounted<Result>(
        at path: String, megabytes: Int, _ body: () async throws -> Result
    ) async throws -> Result {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else { throw Failure(step: "mount") }
        defer { umount2(path, Int32(MNT_DETACH)) }
        return try await body()
    }

    /// Writes zeros until there is no room.
    static func fill(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw Failure(step: "open") }
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: 4096)
        while write(descriptor, zeros, zeros.count) > 0 {}
        guard errno == ENOSPC else { throw Failure(step: "write") }
    }
}
