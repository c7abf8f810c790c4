import Foundation
import KubernetesModel
import Logging
import NIOCore
import NetTypes
import Netlink
import PodNetwork
import TestSupport
import Testing

@testable import NodeAgent

/// The real executable, the real socket, a real pod.
@Suite(.enabled(if: NetworkAbility.isWanted), .serialized) struct ShimTests {
    private struct Run: Sendable {
        var exitCode: Int32
        var output: JSONValue
    }

    private static func shim(_ verb: String?, _ configuration: String, _ more: [String: String] = [:]) throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.packageDirectory + "/.build/debug/fairway-cni")
        process.environment = more.merging(["CNI_COMMAND": verb ?? "", "CNI_PATH": "/opt/cni/bin"]) { mine, _ in mine }
        let (output, input) = (Pipe(), Pipe())
        (process.standardOutput, process.standardInput) = (output, input)
        try process.run()
        // A program that has answered already reads no more.
        signal(SIGPIPE, SIG_IGN)
        try? input.fileHandleForWriting.write(contentsOf: Data(configuration.utf8))
        try input.fileHandleForWriting.close()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Run(exitCode: process.terminationStatus, output: bytes.isEmpty ? .null : try JSONValue(parsing: bytes))
    }

    private func configuration(_ socket: String, _ more: String = "") -> String {
        #"{"cniVersion":"1.1.0","name":"fairway","type":"fairway-cni","socket":"\#(socket)"\#(more)}"#
    }

    private func withAgent(_ body: @Sendable (_ socket: String, _ pod: String) async throws -> Void) async throws {
        let name = "fws-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let node = try NamedNamespaces.system.create(name)
        defer { try? NamedNamespaces.system.remove(name) }
        _ = try NamedNamespaces.system.create("\(name)-pod")
        defer { try? NamedNamespaces.system.remove("\(name)-pod") }
        try await withTemporaryDirectory { directory in
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let agent = try PodNetworkAgent(.init(stateDirectory: directory, nodeNamespace: node), log: log)
            agent.setPools([try #require(IPPrefix("10.1.0.0/24"))])
            try await agent.start()
            let socket = directory + "/cni.sock"
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await agent.run() }
                group.addTask { try await ShimServer(path: socket, agent: agent, log: log).run() }
                try await eventually("the socket is there") { FileManager.default.fileExists(atPath: socket) }
                try await body(socket, NamedNamespaces.system.path(of: "\(name)-pod"))
                group.cancelAll()
            }
        }
    }

    @Test func aPodComesAndGoesThroughTheExecutable() async throws {
        try await withAgent { socket, pod in
            let environment = ["CNI_CONTAINERID": "c1", "CNI_IFNAME": "eth0", "CNI_NETNS": pod]
            let added = try Self.shim("ADD", configuration(socket), environment)
            #expect(added.exitCode == 0)
            #expect(added.output["ips"]?.array?.first?["address"] == "10.1.0.2/32")
            let again = try Self.shim("ADD", configuration(socket), environment)
            #expect(again.exitCode == 1 && again.output["code"] == 101)
            #expect(try Self.shim("STATUS", configuration(socket)).exitCode == 0)
            #expect(try Self.shim("DEL", configuration(socket), environment).exitCode == 0)
            #expect(try Self.shim("DEL", configuration(socket), environment).exitCode == 0)
            // Its owner and nobody else may ask.
            let mode = try FileManager.default.attributesOfItem(atPath: socket)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func anAgentThatIsAwayIsToldAsTryAgain() throws {
        let away = configuration("/run/fairway-test-nobody.sock")
        let started = ContinuousClock.now
        let status = try Self.shim("STATUS", away)
        #expect(status.exitCode == 1 && status.output["code"] == 50)
        #expect(ContinuousClock.now - started < .seconds(2), "STATUS does not wait")
        let add = try Self.shim("ADD", away, ["CNI_CONTAINERID": "c", "CNI_IFNAME": "eth0", "CNI_NETNS": "/x"])
        #expect(add.output["code"] == 11 && add.output["cniVersion"] == "1.1.0")
    }

    @Test func versionNeedsNoAgent() throws {
        let answer = try Self.shim("VERSION", #"{"cniVersion":"0.4.0"}"#)
        #expect(answer.exitCode == 0 && answer.output["cniVersion"] == "0.4.0")
        #expect(answer.output["supportedVersions"]?.array?.count == CNIVersion.allCases.count)
        #expect(try Self.shim(nil, "").output["code"] == 4)
    }

    @Test func hostileInputGetsAnErrorAndHarmsNobody() async throws {
        try await withAgent { socket, _ in
            var random = SeededGenerator(seed: 5)
            let whole = Array(configuration(socket).utf8)
            for _ in 0..<15 {
                var bytes = whole
                for _ in 0..<3 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 32...126, using: &random)
                }
                let environment = ["CNI_CONTAINERID": "c1", "CNI_IFNAME": "eth0", "CNI_NETNS": "/nowhere"]
                let run = try Self.shim("CHECK", String(decoding: bytes, as: UTF8.self), environment)
                #expect(run.exitCode == 1)
            }
            let long = configuration(socket, #","x":"\#(String(repeating: "x", count: 2 << 20))""#)
            let tooLong = try Self.shim("STATUS", long)
            #expect(tooLong.output["code"] == 5)
            let after = try Self.shim("STATUS", configuration(socket))
            #expect(after.exitCode == 0)
        }
    }
}

@Suite struct RuntimeInstallationTests {
    @Test func theConfigurationAppearsWholeAndGoesFirst() async throws {
        try await withTemporaryDirectory { directory in
            let program = directory + "/fairway-cni"
            try Data("program".utf8).write(to: URL(fileURLWithPath: program))
            let installation = RuntimeInstallation(
                configurationDirectory: directory + "/net.d", programDirectory: directory + "/bin", program: program)
            try installation.installProgram()
            try installation.installConfiguration()
            let file = directory + "/net.d/" + RuntimeInstallation.fileName
            let content = try #require(FileManager.default.contents(atPath: file))
            let list = try JSONValue(parsing: content)
            #expect(list["cniVersion"] == "1.0.0" && list["cniVersions"]?.array?.last == "1.1.0")
            #expect(list["plugins"]?.array?.first?["type"] == "fairway-cni")
            #expect(FileManager.default.isExecutableFile(atPath: directory + "/bin/fairway-cni"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/net.d").count == 1)
            for _ in 0..<2 {
                try installation.removeConfiguration()
                try installation.removeProgram()
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/bin").isEmpty)
        }
    }

    @Test func questionsThatAreNoneAreRefused() throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<2000 {
            var buffer = ByteBuffer(string: "FWC1")
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                buffer.writeInteger(UInt8.random(in: 0...3, using: &random))
            }
            _ = try? ShimFrame.question(from: &buffer)
        }
        var long = ByteBuffer(string: "FWC1")
        long.writeInteger(UInt32.max)
        #expect(throws: ShimFrame.Malformed.self) { try ShimFrame.question(from: &long) }
    }
}
