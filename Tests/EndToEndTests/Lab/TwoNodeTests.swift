import Foundation
import KubernetesModel
import TestSupport
import Testing

/// The two-node cluster of `Examples/lab`, with real packets between real namespaces.
@Suite(
    .enabled(if: NetworkAbility.isWanted, "network namespaces need root"),
    .enabled(if: Tool.kubectl.isWanted, "kubectl is not installed"), .serialized, .timeLimit(.minutes(3)),
    .lab(examples: ["Examples/lab/web.yaml", "Examples/lab/client.yaml"]))
struct TwoNodeTests {
    private static let service = "http://10.96.0.80/"

    @Test
    func `the example's check finds every way open that should be, and closed that should be`() async throws {
        let lab = try LabProcess.current
        let answer = try await lab.run([Tool.packageDirectory + "/Examples/lab/check"])
        #expect(answer.isSuccess, "\(answer.output)\(answer.errors)")
    }

    @Test
    func `kubectl shows nodes, pods, Services and slices as of any cluster`() async throws {
        let lab = try LabProcess.current
        let text = try await lab.kubectl("get", "nodes,pods,svc,endpointslices", "-o", "wide")
        for word in ["node-1", "node-2", "172.18.0.11", "10.244.", "10.96.0.80", "80:30080/TCP", "IPv4"] {
            #expect(text.contains(word), "\(word) is missing in:\n\(text)")
        }
        let status = try await lab.fairway(["lab", "status", "--state-dir", lab.stateDirectory])
        #expect(status.output.contains("default/shell"))
    }

    @Test
    func `a pod on another node sees the client pod's own address`() async throws {
        let lab = try LabProcess.current
        let shell = try #require(try await lab.pods("app=shell").first)
        for pod in try await lab.pods() {
            let address = try #require(pod.status?.podIP)
            let direct = try #require(try await lab.get("http://\(address):8080/", from: "shell"))
            #expect(direct.name == pod.metadata.name)
            #expect(direct.client == shell.status?.podIP)
        }
        // Also through the Service.
        #expect(try await lab.get(Self.service, from: "shell")?.client == shell.status?.podIP)
    }

    @Test
    func `a ClusterIP is spread over the pods of both nodes`() async throws {
        let lab = try LabProcess.current
        var seen: Set<String> = []
        for _ in 0..<60 {
            let echo = try #require(try await lab.get(Self.service, from: "shell"))
            seen.insert(echo.name)
        }
        #expect(seen == Set(try await lab.pods().map(\.metadata.name)))
    }

    @Test
    func `the agent says who holds which address and explains a connection`() async throws {
        let lab = try LabProcess.current
        let shell = try #require(try await lab.pods("app=shell").first)
        let node = try #require(shell.spec?.nodeName)
        let addresses = try await lab.agent(node, "/api/node/addresses")
        #expect(addresses.contains(try #require(shell.status?.podIP)))
        #expect(addresses.contains("default/shell"))
        let answer = try await lab.inside(
            node, FairwayProcess.executable, "explain", "10.96.0.80:80", "--from", "default/shell")
        #expect(answer.output.contains("default/web"), "\(answer.output)\(answer.errors)")
        for pod in try await lab.pods() { #expect(answer.output.contains("\(pod.status?.podIP ?? "?"):8080")) }
        let outside = try await lab.inside(
            node, FairwayProcess.executable, "explain", "10.96.0.80:80", "--from", "172.18.0.200")
        #expect(outside.output.contains("a ClusterIP is for this cluster's nodes and pods only"), "\(outside)")
        let services = try await lab.inside(node, FairwayProcess.executable, "node", "services", "web")
        #expect(services.output.contains("10.96.0.80:80"), "\(services)")
    }

    @Test
    func `metrics tell of syncs, elements, addresses and latency`() async throws {
        let lab = try LabProcess.current
        let metrics = try await lab.agent("node-1", "/metrics")
        for name in [
            "fairway_services_sync_duration_seconds_count", "fairway_services_elements",
            "fairway_services_programming_latency_seconds_count", "fairway_kubernetes_objects",
        ] {
            #expect(metrics.contains(name), "\(name) is missing")
        }
        #expect(try await lab.agent("node-1", "/readyz") == "ok\n")
    }

    @Test
    func `scaling up and down loses no request`() async throws {
        let lab = try LabProcess.current
        let result = try await lab.requests(to: Self.service, from: "shell") {
            for count in [8, 2, 6, 4] {
                try await lab.kubectl("scale", "deployment/web", "--replicas=\(count)")
                try await lab.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
            }
        }
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(result.count > 20)
    }

    @Test
    func `rolling a deployment loses no request, from inside and from outside`() async throws {
        let lab = try LabProcess.current
        let before = Set(try await lab.pods().map(\.metadata.name))
        let outer = try await lab.requests(to: "http://172.18.0.12:30080/", from: "client") {
            let inner = try await lab.requests(to: Self.service, from: "shell") {
                try await lab.kubectl("set", "env", "deployment/web", "VERSION=\(UUID().uuidString)")
                try await lab.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
            }
            #expect(inner.failures.isEmpty, "\(inner.failures)")
        }
        #expect(outer.failures.isEmpty, "\(outer.failures)")
        let after = try await lab.pods().filter { !$0.isTerminating }.map(\.metadata.name)
        #expect(before.isDisjoint(with: after))
    }

    @Test
    func `an address is free again when its pod is gone`() async throws {
        let lab = try LabProcess.current
        try await lab.kubectl("run", "brief", "--image=fairway/echo", "--labels=app=brief")
        let pod = try await eventually("the pod runs") { try await lab.pods("app=brief").first { $0.isReady } }
        let address = try #require(pod.status?.podIP)
        let node = try #require(pod.spec?.nodeName)
        #expect(try await lab.agent(node, "/api/node/addresses").contains(address))
        try await lab.kubectl("delete", "pod", "brief", "--grace-period=1")
        try await eventually("nobody holds \(address)") {
            try await !lab.agent(node, "/api/node/addresses").contains("\(address) ")
        }
        let routes = try await lab.inside(node, "ip", "route", "show", address)
        #expect(routes.output.isEmpty)
    }
}
