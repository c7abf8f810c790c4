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
        let body = try await answer(of: path, query: query)
        print(body, terminator: body.hasSuffix("\n") ? "" : "\n")
    }

    /// - Parameter method: `POST` where something is changed.
    func answer(of path: String, query: [URLQueryItem], method: HTTPMethod = .GET) async throws -> String {
        guard var components = URLComponents(string: admin), components.host != nil else {
            throw ValidationError("--admin \(admin): not an address such as http://127.0.0.1:7080")
        }
        components.path = path
        components.queryItems = query + [URLQueryItem(name: "format", value: output.rawValue)]
        // URLComponents leaves "+" alone, which readers of a query take for a space.
        let encoded = components.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        components.percentEncodedQuery = encoded
        let answer = try await fetch(components.string ?? admin, method)
        guard answer.status == 200 else { throw Refusal(message: answer.body) }
        return answer.body
    }

    private func fetch(_ url: String, _ method: HTTPMethod) async throws -> (status: UInt, body: String) {
        do {
            return try await HTTPClient.withHTTPClient { client in
                var request = HTTPClientRequest(url: url)
                request.method = method
                let response = try await client.execute(request, timeout: .seconds(10))
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
