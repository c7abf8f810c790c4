import Foundation
import Glibc
import Logging
import Netlink
import NodeAgent
import ServiceRules

/// Service rules from nothing, one Service more, one endpoint changed, and connections through a ClusterIP: ours, and `nft -f` of
/// kube-proxy's layout, each in fresh namespaces.
struct ServicesBenchmark {
    var sizes: [Int]
    /// kube-proxy's layout is quadratic: beyond this many Services it is left out.
    static let mostForKubeProxy = 10_000
    static let repeats = 200

    func run() async throws {
        print("\nServices x 2 endpoints, milliseconds (p50 / p99 of \(Self.repeats) for single changes)")
        print("| Services | layout | from nothing | one Service more | one endpoint changed | takeover after restart |")
        print("|---|---|---|---|---|---|")
        for size in sizes {
            try await measureOurs(size)
            if size <= Self.mostForKubeProxy { try await measureKubeProxy(size) }
        }
        print("\nConnections a second through a ClusterIP, one client after another (TCP, opened and closed)")
        print("| Services | layout | connections/s | p50 us | p99 us |")
        print("|---|---|---|---|---|")
        for size in [10, min(10_000, sizes.max() ?? 10_000)] {
            try await ConnectionBenchmark.run(size)
        }
    }

    private func measureOurs(_ size: Int) async throws {
        try await withNamespace { _, namespace in
            var services: ServiceProgrammer? = try ServiceProgrammer(
                .init(nodeName: "node", namespace: namespace), logger: .silent)
            try await services?.start()
            let objects = [Sample.node] + Sample.objects(0..<size)
            let cpu = Self.cpuTime
            let full = try await timed { _ = try await services?.apply(objects) }
            let spent = Self.cpuTime - cpu
            var more: [Duration] = []
            for number in size..<size + Self.repeats {
                let change = Sample.objects(number..<number + 1)
                more.append(try await timed { _ = try await services?.apply(change) })
            }
            var changed: [Duration] = []
            for number in 0..<Self.repeats {
                let change = Sample.slice(
                    number, [Sample.endpoints(number)[0], "10.250.\(number >> 8).\(number & 255)"])
                changed.append(try await timed { _ = try await services?.apply([change]) })
            }
            services = nil
            let next = try ServiceProgrammer(.init(nodeName: "node", namespace: namespace), logger: .silent)
            let takeover = try await timed {
                try await next.start()
                _ = try await next.apply(objects)
            }
            print(
                "| \(size) | Fairway | \(number(full.milliseconds)) (CPU \(number(spent.milliseconds))) | \(single(more)) | \(single(changed)) | \(number(takeover.milliseconds)) |"
            )
        }
    }

    /// This process's, the kernel's work for it included: what a machine that others use leaves to compare.
    private static var cpuTime: Duration { .microseconds(clock()) }

    private func single(_ times: [Duration]) -> String {
        "\(number(times.percentile(0.5).milliseconds, 3)) / \(number(times.percentile(0.99).milliseconds, 3))"
    }

    private func measureKubeProxy(_ size: Int) async throws {
        try await withNamespace { name, _ in
            let nft = "ip netns exec \(name) nft"
            let text = KubeProxyLayout.base + KubeProxyLayout.services(0..<size)
            let full = try await timed { try Command.run("\(nft) -f -", input: text) }
            // What kube-proxy runs for every change, a small one too.
            let list = try await timed { try Command.run("\(nft) -j -t list table ip kube-proxy >/dev/null") }
            let more = KubeProxyLayout.services(size..<size + 1)
            let one = try await timed { try Command.run("\(nft) -f -", input: more) }
            let again = KubeProxyLayout.services(0..<1).split(separator: "\n").filter { !$0.contains("element") }
                .joined(separator: "\n")
            let changed = try await timed { try Command.run("\(nft) -f -", input: again + "\n") }
            print(
                "| \(size) | kube-proxy's | \(number(full.milliseconds)) | \(number((list + one).milliseconds)) (list \(number(list.milliseconds))) | \(number((list + changed).milliseconds)) | - |"
            )
        }
    }
}

func withNamespace(_ body: (String, NetworkNamespace) async throws -> Void) async throws {
    let name = "fwb\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    let namespace = try NamedNamespaces.system.create(name)
    defer { try? NamedNamespaces.system.remove(name) }
    try Command.run("ip -n \(name) link set lo up")
    try await body(name, namespace)
}

extension Logger {
    static var silent: Logger {
        var logger = Logger(label: "benchmark")
        logger.logLevel = .critical
        return logger
    }
}
