import Foundation
import Netlink
import TestSupport

/// Independent readers of what we wrote: `nft`, `ip`.
enum Program {
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    static func run(
        _ tool: Tool, _ arguments: [String], in namespace: NetworkNamespace, environment: [String: String]? = nil,
        input: [UInt8] = []
    ) throws -> String {
        let path = try tool.required()
        return try namespace.run {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            if let environment { process.environment = environment }
            let (output, stdin) = (Pipe(), Pipe())
            process.standardOutput = output
            process.standardError = output
            process.standardInput = stdin
            try process.run()
            try stdin.fileHandleForWriting.write(contentsOf: Data(input))
            try stdin.fileHandleForWriting.close()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Failed(description: "\(path) \(arguments): \(text)") }
            return text
        }
    }
}
