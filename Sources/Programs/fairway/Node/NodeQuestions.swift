import ArgumentParser
import Foundation

struct NodeServicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "Show which addresses this node answers for which Service, and with which endpoints.",
        discussion: """
            EXAMPLES
              fairway node services
              fairway node services default/web -o json
            """)

    @Argument(help: "Only this Service: namespace/name, or a name in `default`.")
    var name: String?

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await admin.printAnswer(
            of: "/api/node/services", query: name.map { [URLQueryItem(name: "name", value: $0)] } ?? [])
    }
}

struct NodeAddressesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "addresses",
        abstract: "Show who holds which pod address on this node, and why.",
        discussion: """
            EXAMPLES
              fairway node addresses
              fairway node addresses -o json
            """)

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await admin.printAnswer(of: "/api/node/addresses", query: [])
    }
}
