import ArgumentParser
import Foundation
import NetTypes
import NodeAgent

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which way a request would go, and why it would not go another.",
        discussion: """
            For a URL, asks the ingress controller: the listener, the host, each route that was considered with the \
            reason it was passed over, the rate limits with what each would charge to which budget, and the backend \
            with its endpoints. Tokens are taken by their word. For an address and a port, asks the node's agent: the \
            Service and its element in the kernel, the endpoints, whether the client's address is hidden, and the \
            route. Either way nothing is sent, and nothing is counted.

            EXAMPLES
              fairway explain http://shop.example.com/cart
              fairway explain https://shop.example.com/cart -X POST -H 'x-tenant: blue'
              fairway explain http://127.0.0.1:8080/cart -H 'host: shop.example.com'
              fairway explain https://shop.example.com/login -X POST --from 203.0.113.7
              fairway explain 10.96.0.1:443 --from default/web-1
              fairway explain 172.18.0.11:30080 --from 203.0.113.7 --protocol udp
            """)

    @Argument(help: "The URL as a client would request it; or address:port.")
    var url: String

    @Option(name: [.customShort("X"), .customLong("request")], help: "The method.")
    var method = "GET"

    @Option(name: [.customShort("H"), .customLong("header")], help: "A header, as 'name: value'. May be repeated.")
    var headers: [String] = []

    @Option(
        help: "Who asks: the client's address, as the edge would decide it; or a pod of this node (namespace/name).")
    var from: String?

    @Option(name: .customLong("protocol"), help: "Of address:port: tcp, udp or sctp.")
    var transport = "tcp"

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        guard SocketEndpoint(url) == nil else { return try await explainPacket() }
        let query =
            [URLQueryItem(name: "url", value: url), URLQueryItem(name: "method", value: method)]
            + headers.map { URLQueryItem(name: "header", value: $0) }
            + (from.map { [URLQueryItem(name: "from", value: $0)] } ?? [])
        try await admin.printAnswer(of: "/api/explain", query: query)
    }

    private func explainPacket() async throws {
        guard let from else {
            throw ValidationError("--from is missing: say who connects, an address or a pod (namespace/name)")
        }
        let query = [("to", url), ("from", from), ("protocol", transport)].map { URLQueryItem(name: $0.0, value: $0.1) }
        try await admin.printAnswer(of: "/api/node/explain", query: query)
    }
}
