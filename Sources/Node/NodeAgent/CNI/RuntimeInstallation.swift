import Foundation

/// What a container runtime finds of us: the executable in its folder of plugins, and the network's configuration.
///
/// The configuration is what makes a node Ready, so it is written last, when pods can be served, and removed first.
package struct RuntimeInstallation: Sendable {
    /// `/etc/cni/net.d`: runtimes take the first file by name.
    package var configurationDirectory: String
    /// `/opt/cni/bin`
    package var programDirectory: String
    /// The `fairway-cni` that is to be installed.
    package var program: String
    package var socket: String
    /// Of the configuration list; pods keep theirs if it is changed.
    package var networkName: String

    package static let fileName = "10-fairway.conflist"
    package static let programName = "fairway-cni"

    package init(
        configurationDirectory: String = "/etc/cni/net.d", programDirectory: String = "/opt/cni/bin", program: String,
        socket: String = ShimServer.defaultPath, networkName: String = "fairway"
    ) {
        self.configurationDirectory = configurationDirectory
        self.programDirectory = programDirectory
        self.program = program
        self.socket = socket
        self.networkName = networkName
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// Where `fairway-cni` lies that came with this program: beside it.
    package static var ownProgram: String {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appendingPathComponent(programName).path
    }

    /// Puts the executable in its place. Runtimes may be running the old one, so the file is replaced, never written into.
    package func installProgram() throws {
        guard let content = FileManager.default.contents(atPath: program) else {
            throw Failure(description: "could not read \(program), the CNI executable that comes with fairway")
        }
        try replace("\(programDirectory)/\(Self.programName)", by: content, mode: 0o755)
    }

    /// Says to the runtime that pods can be served.
    package func installConfiguration() throws {
        try replace("\(configurationDirectory)/\(Self.fileName)", by: configuration(), mode: 0o644)
    }

    package func removeConfiguration() throws { try remove("\(configurationDirectory)/\(Self.fileName)") }
    package func removeProgram() throws { try remove("\(programDirectory)/\(Self.programName)") }

    /// `cniVersion` is what older runtimes (libcni 1.1 and before) know; newer ones take the highest of `cniVersions`, and with it ask
    /// STATUS and GC.
    func configuration() throws -> Data {
        let plugin: [String: Any] = [
            "type": Self.programName, "socket": socket,
            "capabilities": ["portMappings": true, "bandwidth": true, "ips": true, "mac": true],
        ]
        let list: [String: Any] = [
            "cniVersion": "1.0.0", "cniVersions": ["0.4.0", "1.0.0", "1.1.0"], "name": networkName, "plugins": [plugin],
        ]
        return try JSONSerialization.data(
            withJSONObject: list, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) + Data("\n".utf8)
    }

    /// The same bytes are left alone: runtimes reload a configuration whose file changes.
    private func replace(_ path: String, by content: Data, mode: mode_t) throws {
        guard FileManager.default.contents(atPath: path) != content else { return }
        let fresh = "\(path).\(getpid()).tmp"
        do {
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try content.write(to: URL(fileURLWithPath: fresh))
            guard chmod(fresh, mode) == 0, rename(fresh, path) == 0 else {
                throw Failure(description: String(cString: strerror(errno)))
            }
        } catch {
            unlink(fresh)
            throw Failure(description: "could not install \(path): \(error)")
        }
    }

    private func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw Failure(description: "could not remove \(path): \(String(cString: strerror(errno)))")
        }
    }
}
