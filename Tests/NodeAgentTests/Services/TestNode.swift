import Foundation
import Logging
import NetTypes
import Netlink
import ServiceRules
import TestSupport

@testable import NodeAgent

/// A node, its pods and a client outside, each a network namespace of its own, joined by veth links. Gone with the test.
///
///     outside 192.168.77.2 ── 192.168.77.1 node ── pod 1: 10.244.1.11, pod 2: 10.244.1.12, pod 3: 10.244.1.13
///     (fd77::2)               (fd77::1)                  (fd44::11 …)
struct TestNode: Sendable {
    let prefix: String
    let node: NetworkNamespace
    let outside: NetworkNamespace
    let pods: [NetworkNamespace]

    static let name = "worker-1"
    static let address = "192.168.77.1"
    static let client = "192.168.77.2"
    static func pod(_ number: Int) -> String { "10.244.1.1\(number)" }
    static func pod6(_ number: Int) -> String { "fd44::1\(number)" }

    static func with(pods count: Int = 3, _ body: (TestNode) async throws -> Void) async throws {
        let prefix = "fws\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let names = ["n", "o"] + (1...count).map { "p\($0)" }
        var script = "set -e\n"
        for name in names { script += "ip netns add \(prefix)\(name); ip -n \(prefix)\(name) link set lo up\n" }
        // Else a neighbour is asked for only when an address has proved to be nobody else's, a second later.
        for name in names { script += "ip netns exec \(prefix)\(name) sysctl -qw net.ipv6.conf.default.accept_dad=0\n" }
        defer {
            _ = try? shell(names.map { "ip netns del \(prefix)\($0) 2>/dev/null" }.joined(separator: "; ") + "; true")
        }
        script += """
            ip netns exec \(prefix)n sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            ip -n \(prefix)n link add out type veth peer name eth0 netns \(prefix)o
            ip -n \(prefix)n addr add \(address)/24 dev out
            ip -n \(prefix)n addr add fd77::1/64 dev out nodad
            ip -n \(prefix)n link set out up
            ip -n \(prefix)o addr add \(client)/24 dev eth0
            ip -n \(prefix)o addr add fd77::2/64 dev eth0 nodad
            ip -n \(prefix)o link set eth0 up
            ip -n \(prefix)o route add default via \(address)
            ip -n \(prefix)o -6 route add default via fd77::1
            ip -n \(prefix)n route add default via \(client)
            ip -n \(prefix)n -6 route add default via fd77::2

            """
        for number in 1...count {
            script += """
                ip -n \(prefix)n link add pod\(number) type veth peer name eth0 netns \(prefix)p\(number)
                ip -n \(prefix)n link set pod\(number) up
                ip -n \(prefix)n addr add 10.244.1.1/32 dev pod\(number)
                ip -n \(prefix)n addr add fd44::1/128 dev pod\(number) nodad
                ip -n \(prefix)p\(number) addr add \(pod(number))/32 dev eth0
                ip -n \(prefix)p\(number) addr add \(pod6(number))/128 dev eth0 nodad
                ip -n \(prefix)p\(number) link set eth0 up
                ip -n \(prefix)n route add \(pod(number))/32 dev pod\(number)
                ip -n \(prefix)n -6 route add \(pod6(number))/128 dev pod\(number)
                ip -n \(prefix)p\(number) route add 10.244.1.1 dev eth0
                ip -n \(prefix)p\(number) route add default via 10.244.1.1
                ip -n \(prefix)p\(number) -6 route add fd44::1 dev eth0
                ip -n \(prefix)p\(number) -6 route add default via fd44::1

                """
        }
        try shell(script)
        let open = { (name: String) in try NamedNamespaces.system.open(prefix + name) }
        try await body(
            TestNode(
                prefix: prefix, node: try open("n"), outside: try open("o"),
                pods: try (1...count).map { try open("p\($0)") }))
    }

    func programmer(ownsTables: Bool = true) async throws -> ServiceProgrammer {
        var options = ServiceProgrammer.Options(nodeName: Self.name, namespace: node)
        options.ownsTables = ownsTables
        let programmer = try ServiceProgrammer(options, logger: .quiet)
        try await programmer.start()
        return programmer
    }

    /// Runs a command line in the node's namespace.
    @discardableResult
    func onNode(_ command: String) throws -> String { try Self.shell("ip netns exec \(prefix)n \(command)") }

    @discardableResult
    static func shell(_ script: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", script]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CommandFailed(text: text) }
        return text
    }
}

struct CommandFailed: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

extension Logger {
    /// Tests say what they expect by themselves.
    static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = ProcessInfo.processInfo.environment["FAIRWAY_TEST_LOG"] == nil ? .critical : .debug
        return logger
    }
}

extension ServiceProgrammer {
    /// Whether the kernel holds what it should, and nothing else.
    var isKernelTrue: Bool {
        get throws {
            let content = try kernel.read()
            return content.fault == nil && content.strangers.isEmpty && content.elements == Set(table.elements)
        }
    }

    var isOwner: Bool { kernel.isOwner }
}
