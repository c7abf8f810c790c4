import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Asks a running Fairway through its admin port.
struct AdminOptions: ParsableArguments {
    @Option(help: "The admin address of the running fairway.")
    var admin = "http://127.0.0.1:7080"

    @Option(name: .shortAndLong, help: "How to print the answer: text or json.")
    var output: OutputFormat = .text

    enum OutputFormat: String, ExpressibleByArgument {
        case text
        case json
    }

    /// Prints what the admin endpoint answers; a refusal becomes the command's error.
    func printAnswer(of path: String, query: [URLQueryItem]) async throws {
        guard var components = URLComponents(string: admin), components.host != nil else {
            throw ValidationError("--admin \(admin): not an address such as http://127.0.0.1:7080")
        }
        components.path = path
        components.queryItems = query + [URLQueryItem(name: "format", value: output.rawValue)]
        // URLComponents leaves "+" alone, which readers of a query take for a space.
        let encoded = components.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        components.percentEncodedQuery = encoded
        let answer = try await fetch(components.string ?? admin)
        guard answer.status == 200 else { throw Refusal(message: answer.body) }
        print(answer.body, terminator: answer.body.hasSuffix("\n") ? "" : "\n")
    }

    private func fetch(_ url: String) async throws -> (status: UInt, body: String) {
        do {
            return try await HTTPClient.withHTTPClient { client in
                let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
                let body = try await response.body.collect(upTo: 64 << 20)
                return (response.status.code, String(buffer: body))
            }
        } catch {
            throw Refusal(
                message: "no fairway answers at \(admin): \(Self.words(for: error)). "
                    + "Is `fairway up` running, and is --admin right?")
        }
    }

    private static func words(for error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    struct Refusal: Error, CustomStringConvertible {
        var message: String
        var description: String { message.trimmingCharacters(in: .whitespacesAndNewlines) }
    }
}
