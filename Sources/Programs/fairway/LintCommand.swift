import ArgumentParser
import GatewayController

struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Say what would be refused, before it is applied.",
        discussion: """
            Reads manifests, compiles them as the controller would, and prints what is wrong with which object and \
            field. Needs no cluster. Services and Secrets that are not among the files are mentioned, not refused. \
            Exits with 1 when something would be refused.

            EXAMPLES
              fairway lint Examples/hello
              fairway lint shop.yaml blog.yaml
            """)

    @Argument(help: "Files or folders with manifests.")
    var paths: [String]

    func run() async throws {
        let lint = try ManifestLint(paths: paths)
        for line in lint.lines { say(line) }
        say("\(Self.count(lint.objects, "object")) read, \(Self.count(lint.errors, "error"))")
        guard lint.errors == 0 else { throw ExitCode(1) }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
