import Foundation
import Logging
import NetTypes
import Netlink
import PodNetwork
import TestSupport
import Testing

@testable import NodeAgent

/// Debian's containerd with a state of its own, and `ctr run --cni` on an image made here: its own CNI library reads our conflist and
/// starts our executable. `ctr` looks in /etc/cni/net.d and /opt/cni/bin and nowhere else, so these are laid over in a mount namespace.
@Suite(.enabled(if: NetworkAbility.isWanted && Tool.containerd.isWanted && Tool.ctr.isWanted))
struct ContainerdTests {
    @Test func containerdRunsAPodInOurNetwork() async throws {
        let name = "fwc-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let node = try NamedNamespaces.system.create(name)
        defer { try? NamedNamespaces.system.remove(name) }
        let route = try RouteSocket(in: node)
        let loopback = try route.link(.named("lo")).index
        try route.perform(.changeLink(.index(loopback), .up))
        try route.perform(.addAddress(InterfaceAddress(.v4(192, 0, 2, 1), prefixLength: 32, link: loopback)))
        try await withTemporaryDirectory { directory in
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let agent = try PodNetworkAgent(.init(stateDirectory: directory, nodeNamespace: node), log: log)
            agent.setPools([try #require(IPPrefix("10.1.0.0/24"))])
            try await agent.start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await agent.run() }
                let socket = directory + "/cni.sock"
                group.addTask { try await ShimServer(path: socket, agent: agent, log: log).run() }
                try await eventually("the socket is there") { FileManager.default.fileExists(atPath: socket) }
                try install(in: directory, socket)
                try await runPod(in: directory, node, agent)
                group.cancelAll()
            }
        }
    }

    private func install(in directory: String, _ socket: String) throws {
        let program = directory + "/fairway-cni"
        _ = try Self.bash("\(Tool.packageDirectory)/Scripts/build-cni \(program)").finish()
        let installation = RuntimeInstallation(
            configurationDirectory: directory + "/net.d", programDirectory: directory + "/bin", program: program,
            socket: socket)
        try installation.installProgram()
        try installation.installConfiguration()
    }

    private func runPod(in directory: String, _ node: NetworkNamespace, _ agent: PodNetworkAgent) async throws {
        try Self.script.write(toFile: directory + "/run", atomically: true, encoding: .utf8)
        let container = try await node.run { try Self.bash("exec unshare -m bash \(directory)/run \(directory)") }
        try await eventually("the pod is attached") {
            if container.hasEnded { throw Failed(description: container.finishAnyway()) }
            return !agent.attachments().isEmpty
        }
        let pod = try #require(agent.attachments().first)
        #expect(pod.key.interface == "eth1" || pod.key.interface == "eth0")
        let address = try #require(pod.addresses.first)
        let ping = try await node.run { try Self.bash("ping -c 1 -W 2 \(address)") }
        #expect(try ping.finish().contains("1 received"))
        // The container's program ends with its input, then containerd sends DEL.
        container.closeInput()
        _ = container.finishAnyway()
        try await eventually("DEL came") { agent.addresses().isEmpty }
    }

    /// $1: the test's folder. The container's program is the only static one at hand: it waits for the end of its input.
    private static let script = #"""
        set -euo pipefail
        cd "$1"
        mkdir overlay && mount -t tmpfs none overlay
        for folder in etc opt; do
            mkdir -p overlay/$folder overlay/work-$folder
            mount -t overlay none -o lowerdir=/$folder,upperdir=overlay/$folder,workdir=overlay/work-$folder /$folder
        done
        mkdir -p /etc/cni/net.d /opt/cni/bin
        mount --bind net.d /etc/cni/net.d
        mount --bind bin /opt/cni/bin
        mkdir -p layer/etc layer/proc layer/sys layer/dev image && cp fairway-cni layer/
        tar -C layer -cf image/layer.tar .
        diff=$(sha256sum image/layer.tar | cut -d' ' -f1)
        echo '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/fairway-cni"]},"rootfs":{"type":"layers","diff_ids":["sha256:'$diff'"]}}' > image/config.json
        echo '[{"Config":"config.json","RepoTags":["fairway.test/waits:1"],"Layers":["layer.tar"]}]' > image/manifest.json
        tar -C image -cf image.tar config.json layer.tar manifest.json
        printf 'version = 2\nroot = "%s/root"\nstate = "%s/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "%s/c.sock"\n[plugins."io.containerd.internal.v1.opt"]\n  path = "%s/opt"\n' "$1" "$1" "$1" "$1" > config.toml
        containerd -c config.toml > containerd.log 2>&1 < /dev/null &
        trap "kill $!; wait" EXIT
        for _ in $(seq 100); do ctr -a c.sock version > /dev/null 2>&1 && break; sleep 0.1; done
        ctr -a c.sock image import --snapshotter native image.tar
        ctr -a c.sock run --rm --cni --snapshotter native fairway.test/waits:1 "waits-$$" || true
        """#

    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// A shell whose input stays open until it is closed here.
    private final class Shell: @unchecked Sendable {
        // Unchecked: Process and Pipe are used by one task at a time.
        private let process = Process()
        private let input = Pipe()
        private let output = Pipe()

        init(_ command: String) throws {
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", command]
            (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
            try process.run()
        }

        var hasEnded: Bool { !process.isRunning }
        func closeInput() { try? input.fileHandleForWriting.close() }

        func finishAnyway() -> String {
            let text = String(decoding: (try? output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return text
        }

        func finish() throws -> String {
            let text = finishAnyway()
            guard process.terminationStatus == 0 else { throw Failed(description: text) }
            return text
        }
    }

    private static func bash(_ command: String) throws -> Shell { try Shell(command) }
}
