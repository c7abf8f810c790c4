import ArgumentParser
import Foundation
import PolicyDefinitions

struct DefinitionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crds",
        abstract: "Print the definitions of Fairway's own kinds.",
        discussion: """
            RateLimitPolicy and ClientPolicy, as CustomResourceDefinitions. A cluster needs them before its first policy; \
            the local API of `fairway up` has them already.

            EXAMPLES
              fairway crds | kubectl apply --server-side -f -
              fairway crds --output Deploy/crds
            """)

    @Option(name: .long, help: "A folder to write one file per kind to, instead of printing.")
    var output: String?

    func run() async throws {
        guard let output else { return say(String(PolicyDefinitions.yaml.dropLast())) }
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        for file in PolicyDefinitions.files {
            try file.text.write(toFile: "\(output)/\(file.name)", atomically: true, encoding: .utf8)
        }
    }
}
