import Foundation
import Glibc
import Netlink
import NodeAgent
import ServiceRules

/// A client pod, a node with rules, and a server pod. Every endpoint address is the server's.
enum ConnectionBenchmark {
    static let length = Duration.seconds(3)

    static func run(_ size: Int) async throws {
        for layout in ["Fairway", "kube-proxy's"] {
            try await withNamespace { node, nodeNamespace in
                try await withNamespace { client, clientNamespace in
                    try await withNamespace { server, serverNamespace in
                        try wire(node, client, server)
                        var services: ServiceProgrammer?
                        if layout == "Fairway" {
                            services = try ServiceProgrammer(
                                .init(nodeName: "node", namespace: nodeNamespace), logger: .silent)
                            try await services?.start()
                            _ = try await services?.apply([Sample.node] + Sample.objects(0..<size))
                        } else {
                            let text = KubeProxyLayout.base + KubeProxyLayout.services(0..<size)
                            try Command.run("ip netns exec \(node) nft -f -", input: text)
                        }
                        try await measure(size, layout, clientNamespace, serverNamespace)
                        withExtendedLifetime(services) {}
                    }
                }
            }
        }
    }

    private static func wire(_ node: String, _ client: String, _ server: String) throws {
        try Command.run(
            """
            set -e
            ip netns exec \(node) sysctl -qw net.ipv4.ip_forward=1
            ip -n \(node) link add c type veth peer name eth0 netns \(client)
            ip -n \(node) link add s type veth peer name eth0 netns \(server)
            ip -n \(node) addr add 10.200.0.1/24 dev c
            ip -n \(client) addr add 10.200.0.2/24 dev eth0
            ip -n \(node) addr add 10.201.0.1/24 dev s
            ip -n \(server) addr add 10.201.0.2/24 dev eth0
            for ns in \(node) \(client) \(server); do for l in c s eth0; do ip -n $ns link set $l up 2>/dev/null || true; done; done
            ip -n \(client) route add default via 10.200.0.1
            ip -n \(server) route add default via 10.201.0.1
            ip -n \(server) route add local 10.128.0.0/12 dev lo
            ip -n \(node) route add 10.128.0.0/12 via 10.201.0.2
            """)
    }

    private static func measure(
        _ size: Int, _ layout: String, _ client: NetworkNamespace, _ server: NetworkNamespace
    ) async throws {
        let listener = try await server.run { try listening() }
        let accepting = Thread { accept(listener) }
        accepting.start()
        let target = Sample.address(size / 2)
        let times = try await client.run { try connections(to: target) }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        let total = times.reduce(Duration.zero, +)
        let rate = Double(times.count) / (total / .seconds(1))
        print(
            "| \(size) | \(layout) | \(number(rate, 0)) | \(number(times.percentile(0.5) / .microseconds(1), 0)) | \(number(times.percentile(0.99) / .microseconds(1), 0)) |"
        )
    }

    private static func listening() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = ipv4("0.0.0.0", 8080)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 1024) == 0 else { throw Command.Failed(description: "cannot listen") }
        return descriptor
    }

    private static func accept(_ listener: Int32) {
        while true {
            let peer = Glibc.accept(listener, nil, nil)
            guard peer >= 0 else { return }
            close(peer)
        }
    }

    /// One after another until the time is up; how long each took to be established.
    private static func connections(to target: String) throws -> [Duration] {
        var times: [Duration] = []
        let end = ContinuousClock.now + length
        var address = ipv4(target, 80)
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let outcome = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard outcome == 0 else {
                throw Command.Failed(description: "connect to \(target): \(String(cString: strerror(errno)))")
            }
            times.append(ContinuousClock.now - start)
            // A reset frees the port at once: else the client's ports run out within a second.
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            close(descriptor)
        }
        return times
    }

    private static func ipv4(_ text: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, text, &address.sin_addr)
        return address
    }
}
