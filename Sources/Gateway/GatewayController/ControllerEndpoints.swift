import Explain
import Foundation
import NetTypes
import RateLimitService
package import Telemetry
import TrafficPlan

/// What `fairway routes` and `fairway explain` ask over the admin port.
extension Controller {
    package var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(path: "/api/routes") { [plane] request in
                let host = request.value("host")
                let table = await plane.read { plan, _ in
                    var table = RouteTable(plan)
                    if let host { table.rows.removeAll { $0.host != host } }
                    return table
                }
                return try Self.answer(table, text: table.description, to: request)
            },
            AdminEndpoint(path: "/api/explain") { [plane] request in
                do {
                    let explained = try ExplainedURL(parsing: request)
                    let explanation = await plane.read { plan, _ in
                        RequestExplanation(explained.request(in: plan), in: plan)
                    }
                    return try Self.answer(explanation, text: explanation.description, to: request)
                } catch let error as ExplainedURL.Malformed {
                    return .text("\(error.message)\n", status: 400)
                }
            },
        ] + LimitEndpoints.all(of: limits.own?.limiter)
    }

    /// All that is served, as text for people.
    package func routesText() async -> String {
        await plane.read { plan, _ in RouteTable(plan).description }
    }

    private static func answer(
        _ value: some Encodable, text: String, to request: AdminRequest
    ) throws -> AdminAnswer {
        guard request.value("format") == "json" else { return .text(text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return .json(Array(try encoder.encode(value)))
    }
}

/// A URL, a method and headers as `fairway explain` gets them.
struct ExplainedURL: Sendable {
    struct Malformed: Error {
        var message: String
    }

    private let isTLS: Bool
    private let host: String
    private let target: String
    private let method: String
    private let headers: [Request.Header]
    private let clientAddress: IPAddress?

    init(parsing request: AdminRequest) throws(Malformed) {
        let url = request.value("url") ?? ""
        guard let separator = url.firstRange(of: "://") else {
            throw Malformed(message: "\(url): a URL begins with http:// or https://")
        }
        switch url[..<separator.lowerBound].lowercased() {
        case "http": isTLS = false
        case "https": isTLS = true
        default: throw Malformed(message: "\(url): only http and https lead through this gateway")
        }
        let rest = url[separator.upperBound...]
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        // The fragment never leaves the client.
        let path = rest[authorityEnd...].prefix { $0 != "#" }
        target = path.hasPrefix("/") ? String(path) : "/" + path
        method = request.value("method") ?? "GET"
        var headers: [Request.Header] = []
        var host = String(rest[..<authorityEnd])
        for text in request.values("header") {
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw Malformed(message: "-H '\(text)': write a header as 'name: value'")
            }
            let name = text[..<colon].lowercased()
            let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            if name == "host" { host = value } else { headers.append(Request.Header(name: name, value: value)) }
        }
        guard !host.isEmpty else { throw Malformed(message: "\(url): the URL names no host") }
        self.host = host
        self.headers = headers
        clientAddress = request.value("from").flatMap { IPAddress($0) }
        if let text = request.value("from"), clientAddress == nil {
            throw Malformed(message: "--from \(text): not an IP address")
        }
    }

    /// The first listener of that kind takes it, whatever port the URL names: a port forwarded by a load balancer or by
    /// ssh is not the listener's own.
    func request(in plan: GatewayPlan) -> Request {
        let listener = plan.listeners.values.filter { ($0.transport == .tls) == isTLS }
            .min { $0.name.text < $1.name.text }
        return Request(
            listener: listener?.name ?? ListenerName(isTLS ? "https" : "http"), method: method, host: host,
            target: target, headers: headers, clientAddress: clientAddress)
    }
}
