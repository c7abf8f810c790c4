import Foundation
import KubernetesModel
import TestSupport
import Testing

/// What may happen to a node's agent, and what traffic must not notice of it.
@Suite(
    .enabled(if: NetworkAbility.isWanted, "network namespaces need root"),
    .enabled(if: Tool.kubectl.isWanted, "kubectl is not installed"), .serialized, .timeLimit(.minutes(4)),
    .lab(examples: ["Examples/lab/web.yaml", "Examples/lab/client.yaml"]))
struct NodeFaultTests {
    private static let service = "http://10.96.0.80/"

    private func waitUntilAgentServes(_ lab: LabProcess, _ node: String, otherThan old: Int32) async throws {
        try await eventually("another agent serves on \(node)", within: .seconds(30)) {
            guard let pid = try? await lab.agentProcess(node), pid != old else { return false }
            return try await lab.agent(node, "/readyz") == "ok\n"
        }
    }

    @Test
    func `killing an agent drops no packet, and the next one takes over`() async throws {
        let lab = try LabProcess.current
        let shell = try #require(try await lab.pods("app=shell").first)
        let node = try #require(shell.spec?.nodeName)
        let addresses = try await lab.agent(node, "/api/node/addresses")
        let result = try await lab.requests(to: Self.service, from: "shell") {
            for _ in 0..<2 {
                let pid = try await lab.agentProcess(node)
                kill(pid, SIGKILL)
                try await waitUntilAgentServes(lab, node, otherThan: pid)
            }
        }
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(result.count > 20)
        #expect(try await lab.agent(node, "/api/node/addresses") == addresses)
    }

    @Test
    func `an agent that is told to end leaves the data plane in place`() async throws {
        let lab = try LabProcess.current
        let pid = try await lab.agentProcess("node-1")
        let result = try await lab.requests(to: "http://172.18.0.11:30080/", from: "client") {
            kill(pid, SIGTERM)
            try await waitUntilAgentServes(lab, "node-1", otherThan: pid)
        }
        #expect(result.failures.isEmpty, "\(result.failures)")
    }

    @Test
    func `while the API server is away traffic goes on, and afterwards changes come through`() async throws {
        let lab = try LabProcess.current
        // The lab's own process is the API server.
        kill(lab.pid, SIGSTOP)
        let result: (count: Int, failures: [String])
        do {
            result = try await lab.requests(to: Self.service, from: "shell") {
                _ = try await lab.run(["sleep", "3"])
                #expect(try await lab.agent("node-1", "/readyz") == "ok\n")
            }
        } catch {
            kill(lab.pid, SIGCONT)
            throw error
        }
        kill(lab.pid, SIGCONT)
        #expect(result.failures.isEmpty, "\(result.failures)")
        #expect(result.count > 20)
        try await lab.kubectl("scale", "deployment/web", "--replicas=5")
        try await lab.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        try await eventually("the agents know the fifth pod") {
            let pods = try await lab.pods().compactMap(\.status?.podIP)
            let services = try await lab.agent("node-2", "/api/node/services?format=json")
            return pods.count == 5 && pods.allSatisfy(services.contains)
        }
        try await lab.kubectl("scale", "deployment/web", "--replicas=4")
    }

    @Test
    func `routes that somebody removes are back at once`() async throws {
        let lab = try LabProcess.current
        let listed = try await lab.inside("node-1", "ip", "-json", "route")
        let routes = try JSONDecoder().decode([JSONValue].self, from: Data(listed.output.utf8))
        let toOther = try #require(
            routes.compactMap { $0["dst"]?.string }.first { $0.hasPrefix("10.244.") && $0.hasSuffix("/24") })
        #expect(try await lab.inside("node-1", "ip", "route", "del", toOther).isSuccess)
        try await eventually("the route to \(toOther) is back", within: .seconds(2), every: .milliseconds(10)) {
            try await !lab.inside("node-1", "ip", "route", "show", toOther).output.isEmpty
        }
    }

    @Test
    func `nobody else can change or flush the rules of Services`() async throws {
        let lab = try LabProcess.current
        let before = try await lab.inside("node-1", "nft", "list", "ruleset")
        _ = try await lab.inside("node-1", "nft", "flush", "ruleset")
        let after = try await lab.inside("node-1", "nft", "list", "ruleset")
        #expect(after.output.contains("10.96.0.80"), "\(before.output)\nbecame\n\(after.output)")
        #expect(try await lab.get(Self.service, from: "shell") != nil)
    }

    @Test
    func `a node without a pod range waits, and says for what`() async throws {
        let lab = try LabProcess.current
        let folder = lab.directory + "/stranger"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // A second agent, in a namespace of its own, for a Node object that does not exist.
        let script = """
            timeout 10 unshare --net sh -c 'ip link set lo up
            \(try FairwayProcess.executable) node --node-name nobody --kubeconfig \(lab.kubeconfig) \
            --state-dir \(folder) --cni-conf-dir \(folder)/net.d --cni-bin-dir \(folder)/bin --admin-port 7081 &
            sleep 3; curl --silent http://127.0.0.1:7081/readyz; ls \(folder)/net.d; kill $!; wait'
            """
        let answer = try await lab.run(["sh", "-c", script])
        #expect(answer.output.contains("[-]pods failed: "), "\(answer)")
        #expect(!answer.output.contains("conflist\n"), "\(answer.output)")
    }
}
