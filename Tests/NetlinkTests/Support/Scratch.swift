import Foundation
import Netlink
import TestSupport

/// A network namespace for one test, gone afterwards, and programs that run in it.
struct Scratch: Sendable {
    let namespace: NetworkNamespace
    let name: String

    static let folder = NamedNamespaces.system

    /// Makes a namespace with a name of its own; `body` gets it with loopback up.
    static func with<Value>(_ body: (Scratch) async throws -> Value) async throws -> Value {
        let name = "fwt-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let namespace = try folder.create(name)
        defer { try? folder.remove(name) }
        let scratch = Scratch(namespace: namespace, name: name)
        try RouteSocket(in: namespace).perform(.changeLink(.named("lo"), .up))
        return try await body(scratch)
    }

    /// Runs a program inside and gives its output; a failure throws what it said.
    @discardableResult
    func program(_ tool: Tool, _ arguments: [String]) async throws -> String {
        let path = try tool.required()
        return try await namespace.run {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            process.standardInput = FileHandle.nullDevice
            // The child inherits the calling thread's namespace.
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw ProgramFailed(text: "\(path) \(arguments.joined(separator: " ")): \(text)")
            }
            return text
        }
    }

    /// `ip -j -d …`: a list of objects.
    func ip(_ arguments: String) async throws -> [[String: Any]] {
        let text = try await program(.ip, ["-j", "-d"] + arguments.split(separator: " ").map(String.init))
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
    }
}

struct ProgramFailed: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}
