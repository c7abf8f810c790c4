import Foundation

/// A program that tests run for real. In CI its absence is a failure; elsewhere the test is skipped with the reason.
package struct Tool: Sendable {
    package var name: String
    /// Names its path when it lies somewhere unusual.
    package var variable: String

    package static let envoy = Tool(name: "envoy", variable: "FAIRWAY_ENVOY")
    package static let kubectl = Tool(name: "kubectl", variable: "FAIRWAY_KUBECTL")
    package static let redis = Tool(name: "redis-server", variable: "FAIRWAY_REDIS")
    package static let curl = Tool(name: "curl", variable: "FAIRWAY_CURL")

    /// Looks at the variable, then in `.tools/bin` of the package (where `Scripts/` installs), then on `PATH`.
    package var path: String? {
        let environment = ProcessInfo.processInfo.environment
        let folders =
            [Tool.packageDirectory + "/.tools/bin"] + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = [environment[variable]].compactMap(\.self) + folders.map { "\($0)/\(name)" }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// For `.enabled(if:)`: in CI always true, so that a missing tool fails the test instead of hiding it.
    package var isWanted: Bool { path != nil || Tool.isCI }

    package func required() throws -> String {
        guard let path else { throw MissingTool(name: name, variable: variable) }
        return path
    }

    package static var isCI: Bool { ProcessInfo.processInfo.environment["CI"] != nil }

    /// The checkout that this file was compiled from.
    package static var packageDirectory: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }
}

package struct MissingTool: Error, CustomStringConvertible {
    package var name: String
    package var variable: String

    package init(name: String, variable: String) {
        self.name = name
        self.variable = variable
    }

    package var description: String {
        "\(name) is not installed: run Scripts/install-tools, or set \(variable) to its path"
    }
}
