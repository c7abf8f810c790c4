import Foundation
import Subprocess
import SystemPackage

/// An Envoy executable that has told its version.
package struct EnvoyBinary: Hashable, Sendable {
    package var path: String
    /// As it prints it: commit, version, state, build, TLS library.
    package var versionText: String
    package var version: EnvoyVersion

    /// The oldest that Fairway's configuration is written for.
    package static let oldestSupported = EnvoyVersion(major: 1, minor: 40, patch: 0)

    /// Looks at the given path, else at `FAIRWAY_ENVOY`, `.tools/bin` beside the program and up from there and from
    /// the working directory, and at last `PATH`; runs what it finds to learn the version.
    package static func located(
        at explicitPath: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> EnvoyBinary {
        if let explicitPath {
            return try await examined(explicitPath, from: "--envoy")
        }
        if let variable = environment["FAIRWAY_ENVOY"], !variable.isEmpty {
            return try await examined(variable, from: "FAIRWAY_ENVOY")
        }
        let path = environment["PATH"] ?? ""
        guard let found = searchPlaces(path: path).first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw EnvoyProcessError(
                .binaryNotFound,
                "cannot find Envoy: not in .tools/bin, not on PATH; run Scripts/install-tools, "
                    + "or name it with --envoy or FAIRWAY_ENVOY")
        }
        return try await examined(found, from: "search")
    }

    static func searchPlaces(
        path: String, program: String? = Bundle.main.executablePath,
        workingDirectory: String = FileManager.default.currentDirectoryPath
    ) -> [String] {
        let beside = [program.map { ($0 as NSString).deletingLastPathComponent }, workingDirectory].compactMap(\.self)
        let toolFolders = beside.flatMap(ancestors).map { $0 + "/.tools/bin" }
        let folders = toolFolders + path.split(separator: ":").map(String.init)
        return folders.map { ($0 == "/" ? "" : $0) + "/envoy" }
    }

    /// The folder and those above it, five at most: a build lies that deep in a checkout.
    private static func ancestors(_ folder: String) -> [String] {
        var found: [String] = []
        var current = folder
        while found.count < 5, current != "/", !current.isEmpty {
            found.append(current)
            current = (current as NSString).deletingLastPathComponent
        }
        return found
    }

    private static func examined(_ path: String, from source: String) async throws -> EnvoyBinary {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw EnvoyProcessError(
                .binaryNotFound, "cannot use \(path) (from \(source)) as Envoy: no executable file is there")
        }
        let text: String
        do {
            let result = try await Subprocess.run(
                .path(FilePath(path)), arguments: ["--version"], output: .string(limit: 1 << 16))
            text = result.standardOutput
        } catch {
            throw EnvoyProcessError(.binaryUnusable, "cannot run \(path) --version: \(error)")
        }
        let line = text.split(separator: "\n").first { $0.contains("version:") }.map(String.init) ?? ""
        guard let version = EnvoyVersion(versionLine: line) else {
            throw EnvoyProcessError(
                .binaryUnusable, "cannot use \(path) (from \(source)) as Envoy: --version did not print one")
        }
        guard version >= oldestSupported else {
            throw EnvoyProcessError(
                .binaryTooOld,
                "cannot use \(path) (from \(source)): it is Envoy \(version), \(oldestSupported) or later is needed; "
                    + "run Scripts/install-tools")
        }
        return EnvoyBinary(path: path, versionText: line.trimmingCharacters(in: .whitespaces), version: version)
    }
}

package struct EnvoyVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var major: Int
    package var minor: Int
    package var patch: Int

    package init(major: Int, minor: Int, patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// From `/path/envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`; the version may end in `-dev`.
    init?(versionLine: String) {
        // The line begins with the program's path, slashes and all.
        guard let label = versionLine.firstRange(of: "version:") else { return nil }
        let parts = versionLine[label.upperBound...].split(separator: "/")
        guard parts.count >= 2 else { return nil }
        let numbers = parts[1].prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        self.init(major: major, minor: minor, patch: patch)
    }

    package static func < (a: EnvoyVersion, b: EnvoyVersion) -> Bool {
        (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
    }

    package var description: String { "\(major).\(minor).\(patch)" }
}
