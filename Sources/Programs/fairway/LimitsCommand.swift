import ArgumentParser
import Foundation
import NIOHTTP1

struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Show rate limits: what they let pass and refused, and who has how much left.",
        discussion: """
            For each limit of scope Global its totals, then its hottest keys with what is left of their budget and when \
            all of it is back. REQUESTS and REFUSED of a key are of the last seconds. Values of secret parts (tokens, \
            cookies, keys) are not shown; such a key is known by its ID.

            EXAMPLES
              fairway limits
              fairway limits --watch --policy shop/per-client
              fairway limits --admin http://limiter.example:7081 -o json
              fairway limits lift shop/per-client login 203.0.113.7
            """,
        subcommands: [List.self, Lift.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show limits and their hottest keys (the default).")

        @Option(help: "Only this policy: its name, or namespace/name.")
        var policy: String?

        @Option(help: "Only limits of this name.")
        var limit: String?

        @Option(help: "How many keys of each limit to show, 0 to 100.")
        var keys = 10

        @Flag(name: .shortAndLong, help: "Show it anew every second, until Ctrl-C.")
        var watch = false

        @OptionGroup var admin: AdminOptions

        func run() async throws {
            var query = [URLQueryItem(name: "keys", value: String(keys))]
            if let policy { query.append(URLQueryItem(name: "policy", value: policy)) }
            if let limit { query.append(URLQueryItem(name: "limit", value: limit)) }
            guard watch else { return try await admin.printAnswer(of: "/api/limits", query: query) }
            let clearsScreen = isatty(STDOUT_FILENO) == 1
            while !Task.isCancelled {
                let text = try await admin.answer(of: "/api/limits", query: query)
                // Home, then clear what was below: no flicker.
                say((clearsScreen ? "\u{1b}[H\u{1b}[J" : "") + text)
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    struct Lift: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lift",
            abstract: "Give one key its whole budget back.",
            discussion: """
                Name the key by the values of its parts, in the order of the policy's `key` (client addresses as \
                `fairway limits` shows them), or by its ID.

                EXAMPLES
                  fairway limits lift shop/per-client login 203.0.113.7
                  fairway limits lift shop/plans tenant --id 0f2b6c...
                """)

        @Argument(help: "The policy: namespace/name.")
        var policy: String

        @Argument(help: "The limit's name.")
        var limit: String

        @Argument(help: "The values of the key's parts.")
        var values: [String] = []

        @Option(help: "The key's ID, instead of values.")
        var id: String?

        @OptionGroup var admin: AdminOptions

        func validate() throws {
            if id != nil, !values.isEmpty { throw ValidationError("--id stands in place of values") }
        }

        func run() async throws {
            var query = [URLQueryItem(name: "policy", value: policy), URLQueryItem(name: "limit", value: limit)]
            if let id { query.append(URLQueryItem(name: "id", value: id)) }
            query += values.map { URLQueryItem(name: "value", value: $0) }
            let text = try await admin.answer(of: "/api/limits/lift", query: query, method: .POST)
            print(text, terminator: "")
        }
    }
}
