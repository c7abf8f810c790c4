import Foundation
import KubernetesModel
import Logging
import NetTypes
import Netlink
import Synchronization
import TestSupport
import Testing

@testable import PodNetwork

/// A node and its pods: network namespaces of one test, gone afterwards.
final class TestNode: Sendable {
    private let current: Mutex<PodNetworkAgent?>
    let namespace: NetworkNamespace
    let name: String
    let directory: String
    let pools: [IPPrefix]

    var agent: PodNetworkAgent {
        guard let agent = current.withLock({ $0 }) else { preconditionFailure("this node's agent was stopped") }
        return agent
    }

    static let folder = NamedNamespaces.system
    static let dualStack = ["10.244.7.0/24", "fd00:244:7::/64"]

    private init(
        _ namespace: NetworkNamespace, _ name: String, _ directory: String, _ pools: [IPPrefix],
        _ settings: PodNetworkAgent.Settings
    ) throws {
        self.namespace = namespace
        self.name = name
        self.directory = directory
        self.pools = pools
        current = Mutex(try PodNetworkAgent(settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    }

    /// A node with a loopback, a link to the outside (`out0`, 192.0.2.1, default route) and a started agent.
    static func with(
        pools: [String] = dualStack, admission: (any PodAdmission)? = nil, serves: Bool = true,
        afterStep: (@Sendable (AttachStep, AttachmentKey) async throws -> Void)? = nil,
        _ body: (TestNode) async throws -> Void
    ) async throws {
        let name = "fwp-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let namespace = try folder.create(name)
        defer { try? removeAll(name) }
        try prepare(namespace)
        try await withTemporaryDirectory { directory in
            let prefixes = try pools.map { try prefix($0) }
            let settings = PodNetworkAgent.Settings(
                stateDirectory: directory, nodeNamespace: namespace, admission: admission, afterStep: afterStep)
            let node = try TestNode(namespace, name, directory, prefixes, settings)
            node.agent.setPools(prefixes)
            try await node.agent.start()
            try await node.serving(if: serves) { try await body(node) }
        }
    }

    /// The same node with a new agent, as after a restart of the process. The old one's sockets are closed if it does not serve.
    func restarted(serves: Bool = true, _ body: (TestNode) async throws -> Void) async throws {
        current.withLock { $0 = nil }
        let settings = PodNetworkAgent.Settings(stateDirectory: directory, nodeNamespace: namespace)
        let next = try TestNode(namespace, name, directory, pools, settings)
        try await next.agent.start()
        try await next.serving(if: serves) { try await body(next) }
    }

    private func serving(if serves: Bool, _ body: () async throws -> Void) async throws {
        guard serves else { return try await body() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.agent.run() }
            try await body()
            group.cancelAll()
        }
    }

    private static func prepare(_ namespace: NetworkNamespace) throws {
        let route = try RouteSocket(in: namespace)
        try route.perform(.changeLink(.named("lo"), .up))
        try route.perform(.createLink(NewLink("out0", .veth(peer: .init("out1")))))
        for name in ["out0", "out1"] { try route.perform(.changeLink(.named(name), .up)) }
        let index = try route.link(.named("out0")).index
        try route.perform(.addAddress(InterfaceAddress(.v4(192, 0, 2, 1), prefixLength: 24, link: index)))
        try route.perform(.addAddress(InterfaceAddress(try address("2001:db8::1"), prefixLength: 64, link: index)))
        let everything = try prefix("0.0.0.0/0")
        try route.perform(.addRoute(Route(to: everything, via: .v4(192, 0, 2, 254), link: index, protocol: .static)))
    }

    /// The node's namespace and those of its pods, which begin with its name.
    private static func removeAll(_ name: String) throws {
        for other in try folder.list() where other == name || other.hasPrefix(name + "-") { try folder.remove(other) }
    }

    func makePod(_ pod: String) throws -> NetworkNamespace { try Self.folder.create("\(name)-\(pod)") }
    func removePod(_ pod: String) throws { try Self.folder.remove("\(name)-\(pod)") }
    func path(_ pod: String) -> String { Self.folder.path(of: "\(name)-\(pod)") }
}

extension TestNode {
    /// What the CNI executable would forward.
    func call(
        _ verb: String, _ pod: String, configuration: JSONValue = [:], version: String = "1.1.0",
        interface: String = "eth0",
        path: String? = nil, arguments: String = ""
    ) async -> CNIAnswer {
        var document: JSONValue = ["cniVersion": .string(version), "name": "fairway", "type": "fairway-cni"]
        for (key, value) in configuration.object ?? [:] { document[key] = value }
        var environment = [
            "CNI_COMMAND": verb, "CNI_CONTAINERID": pod, "CNI_IFNAME": interface, "CNI_PATH": "/opt/cni/bin",
            "CNI_ARGS": arguments,
        ]
        environment["CNI_NETNS"] = path ?? self.path(pod)
        return await agent.answer(CNIInvocation(environment: environment, configuration: document.serialized()))
    }

    @discardableResult
    func add(
        _ pod: String, configuration: JSONValue = [:], version: String = "1.1.0", arguments: String = ""
    )
        async throws -> AddedPod
    {
        let answer = await call("ADD", pod, configuration: configuration, version: version, arguments: arguments)
        let result = try JSONValue(parsing: answer.output)
        try #require(
            answer.exitCode == 0, "ADD \(pod): \(result["msg"]?.string ?? ""): \(result["details"]?.string ?? "")")
        return AddedPod(result: result)
    }

    /// The error's code; 0 for success.
    func code(
        _ verb: String, _ pod: String, configuration: JSONValue = [:], version: String = "1.1.0", path: String? = nil
    )
        async throws -> Int
    {
        let answer = await call(verb, pod, configuration: configuration, version: version, path: path)
        guard answer.exitCode != 0 else { return 0 }
        return Int(try #require(try JSONValue(parsing: answer.output)["code"]?.integer))
    }

    /// Names of links of the node that belong to pods.
    func podLinks() throws -> [String] {
        try RouteSocket(in: namespace).links().map(\.name).filter(PodLink.isOurs)
    }

    func routes() throws -> [Route] {
        let route = try RouteSocket(in: namespace)
        return try IPAddress.Family.both.flatMap { try route.routes(family: $0, protocol: .fairway) }
    }

    /// Waits until nothing of any pod is left, in the kernel and in the ledger.
    func expectEmpty() async throws {
        try await eventually("links, routes and reservations are gone") {
            try podLinks().isEmpty && routes().isEmpty && agent.addresses().isEmpty
        }
    }
}

struct AddedPod: Sendable {
    let result: JSONValue

    var addresses: [IPAddress] {
        (result["ips"]?.array ?? []).compactMap { $0["address"]?.string.flatMap { IPAddress($0.prefix { $0 != "/" }) } }
    }

    func address(_ family: IPAddress.Family) throws -> IPAddress {
        try #require(addresses.first { $0.family == family })
    }
}
