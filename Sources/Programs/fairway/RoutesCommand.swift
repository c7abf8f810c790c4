import ArgumentParser
import Foundation

struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Show what is served, from which object, and in which state.",
        discussion: """
            EXAMPLES
              fairway routes
              fairway routes --host shop.example.com
              fairway routes -o json
            """)

    @Option(help: "Only the routes of this host.")
    var host: String?

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await admin.printAnswer(
            of: "/api/routes", query: host.map { [URLQueryItem(name: "host", value: $0)] } ?? [])
    }
}
