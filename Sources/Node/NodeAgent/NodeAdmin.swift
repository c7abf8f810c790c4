import KubernetesModel
import NetTypes
import PodNetwork
import ServiceRules
import Telemetry

/// What the agent answers on its admin port beside `/readyz` and `/metrics`.
struct NodeAdmin: Sendable {
    let agent: NodeAgent
    let parts: NodeAgent.Parts

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(path: "/api/node/services") { request in await services(request) },
            AdminEndpoint(path: "/api/node/addresses") { request in addresses(request) },
            AdminEndpoint(path: "/api/node/explain") { request in try await explain(request) },
        ]
    }

    private static let noServices = AdminAnswer.text(
        "this agent runs with --no-services: another program handles them\n", status: 409)

    // MARK: - Services

    private func services(_ request: AdminRequest) async -> AdminAnswer {
        guard let programmer = parts.services?.programmer else { return Self.noServices }
        let status = await programmer.status
        let fronts = await programmer.fronts(of: request.value("name"))
        if request.value("format") == "json" {
            let list = fronts.map { front -> JSONValue in
                [
                    "service": .string("\(front.front.origin.service)"),
                    "role": .string(front.front.origin.role.rawValue),
                    "address": .string("\(front.key)"),
                    "endpoints": .array(front.front.wide.map { .string("\($0)") }),
                    "localEndpoints": .array(front.front.near.map { .string("\($0)") }),
                ]
            }
            let object: JSONValue = [
                "services": .integer(Int64(status.services)), "elements": .integer(Int64(status.elements)),
                "agrees": .bool(status.isReconciled), "drifts": .integer(Int64(status.drifts)), "fronts": .array(list),
                "problems": .array(status.problems.map { .string("\($0)") }),
            ]
            return .json(object.serialized())
        }
        var rows = [["SERVICE", "ROLE", "ADDRESS", "ENDPOINTS"]]
        rows += fronts.map { front in
            let endpoints = front.front.wide.map(\.description)
            let shown =
                endpoints.prefix(4).joined(separator: ",") + (endpoints.count > 4 ? ",… \(endpoints.count)" : "")
            return [
                "\(front.front.origin.service)", front.front.origin.role.rawValue, "\(front.key)",
                shown.isEmpty ? "none: \(front.front.refusal)" : shown,
            ]
        }
        var text = TextTable(rows).text
        text += "\n\(status.services) Services, \(status.elements) elements; "
        text += status.isReconciled ? "the kernel agrees" : "the kernel is not yet as it should be"
        if let failure = status.lastFailure { text += ": \(failure)" }
        text += "\n" + status.problems.map { "fault: \($0)\n" }.joined()
        return .text(text)
    }

    // MARK: - Addresses

    private func addresses(_ request: AdminRequest) -> AdminAnswer {
        let holdings = parts.pods.addresses()
        if request.value("format") == "json" {
            let list = holdings.map { holding -> JSONValue in
                [
                    "address": .string("\(holding.address)"), "namespace": .string(holding.pod.namespace),
                    "pod": .string(holding.pod.name), "container": .string(holding.key.container),
                    "interface": .string(holding.key.interface), "link": .string(holding.hostLink),
                    "networkNamespace": .string(holding.namespacePath), "reason": .string(holding.reason),
                    "since": .string(Timestamp(secondsSinceEpoch: holding.since).description),
                ]
            }
            return .json(JSONValue.array(list).serialized())
        }
        var rows = [["ADDRESS", "LINK", "SINCE", "WHY"]]
        rows += holdings.map { holding in
            [
                "\(holding.address)", holding.hostLink, Timestamp(secondsSinceEpoch: holding.since).description,
                holding.reason,
            ]
        }
        let pools = parts.pods.poolUse().map { "\($0.prefix): \($0.held) of \($0.capacity) addresses held\n" }
        return .text(TextTable(rows).text + "\n" + (pools.isEmpty ? "no pod CIDR yet\n" : pools.joined()))
    }

    // MARK: - Explanations

    private func explain(_ request: AdminRequest) async throws -> AdminAnswer {
        guard let programmer = parts.services?.programmer else { return Self.noServices }
        guard let destination = request.value("to").flatMap({ SocketEndpoint($0) }) else {
            return .text("say where to, as address:port, such as 10.96.0.1:443\n", status: 400)
        }
        guard let transport = TransportProtocol(name: request.value("protocol")?.uppercased() ?? "TCP") else {
            return .text("the protocol is none of tcp, udp, sctp\n", status: 400)
        }
        guard let from = request.value("from"), let source = source(from, family: destination.address.family) else {
            let asked = request.value("from") ?? ""
            return .text(
                "--from \"\(asked)\" is no address, and no pod of this node; a pod is namespace/name\n", status: 400)
        }
        let key = FrontKey(address: destination.address, protocol: transport, port: destination.port)
        let explanation = try await programmer.explain(from: source, to: key)
        if request.value("format") == "json" {
            let object: JSONValue = [
                "lines": .array(explanation.lines.map(JSONValue.string)),
                "kernelAgrees": explanation.kernelAgrees.map(JSONValue.bool) ?? .null,
                "routes": .object(
                    Dictionary(
                        explanation.routes.map { ("\($0.key)", .string($0.value)) }, uniquingKeysWith: { a, _ in a })),
            ]
            return .json(object.serialized())
        }
        return .text(explanation.lines.joined(separator: "\n") + "\n")
    }

    /// An address, or one of a pod of this node.
    private func source(_ text: String, family: IPAddress.Family) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        let namespace = parts.count == 2 ? parts[0] : "default"
        return self.parts.pods.attachments().first {
            $0.pod.namespace == namespace && $0.pod.name == parts.last
        }?.addresses.first { $0.family == family }
    }
}

/// Columns, as kubectl prints them.
struct TextTable {
    let text: String

    init(_ rows: [[String]]) {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        text = rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = cells.joined(separator: "  ")
            return line.prefix(
                line.lastIndex { $0 != " " }.map { line.distance(from: line.startIndex, to: $0) + 1 } ?? 0)
                + "\n"
        }.joined()
    }
}

extension SocketEndpoint {
    /// Reads `10.0.0.1:80` or `[fd00::1]:80`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(host), isBracketed == (address.family == .v6) else { return nil }
        self.init(address: address, port: port)
    }
}
