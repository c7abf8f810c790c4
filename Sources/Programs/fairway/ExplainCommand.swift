import ArgumentParser
import Foundation

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which way a request would go, and why it would not go another.",
        discussion: """
            Prints the listener, the host, each route that was considered with the reason it was passed over, the rate \
            limits with what each would charge to which budget, and the backend with its endpoints. Nothing is sent to \
            the backend, and nothing is counted. Tokens are taken by their word.

            EXAMPLES
              fairway explain http://shop.example.com/cart
              fairway explain https://shop.example.com/cart -X POST -H 'x-tenant: blue'
              fairway explain http://127.0.0.1:8080/cart -H 'host: shop.example.com'
              fairway explain https://shop.example.com/login -X POST --from 203.0.113.7
            """)

    @Argument(help: "The URL as a client would request it.")
    var url: String

    @Option(name: [.customShort("X"), .customLong("request")], help: "The method.")
    var method = "GET"

    @Option(name: [.customShort("H"), .customLong("header")], help: "A header, as 'name: value'. May be repeated.")
    var headers: [String] = []

    @Option(help: "The client's address, as the edge would decide it.")
    var from: String?

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let query =
            [URLQueryItem(name: "url", value: url), URLQueryItem(name: "method", value: method)]
            + headers.map { URLQueryItem(name: "header", value: $0) }
            + (from.map { [URLQueryItem(name: "from", value: $0)] } ?? [])
        try await admin.printAnswer(of: "/api/explain", query: query)
    }
}
