import Foundation
import KubernetesModel
import TestSupport
import Testing

/// Labs come and go, whole.
@Suite(
    .enabled(if: NetworkAbility.isWanted, "network namespaces need root"),
    .enabled(if: Tool.kubectl.isWanted, "kubectl is not installed"), .serialized, .timeLimit(.minutes(4)))
struct LabLifeTests {
    private static let examples = ["Examples/lab/web.yaml", "Examples/lab/client.yaml"]

    /// Processes that carry a lab's mark.
    private func processes(marked mark: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { entry in
            guard Int32(entry) != nil, let data = FileManager.default.contents(atPath: "/proc/\(entry)/environ") else {
                return false
            }
            return String(decoding: data, as: UTF8.self).contains("FAIRWAY_LAB=\(mark)")
        }
    }

    private func mark(_ lab: LabProcess) throws -> String {
        let data = try #require(FileManager.default.contents(atPath: lab.stateDirectory + "/lab.json"))
        return try #require(try JSONDecoder().decode(JSONValue.self, from: data)[path: "mark", "id"]?.string)
    }

    @Test
    func `down removes everything, also when up was killed`() async throws {
        try await withTemporaryDirectory { directory in
            let found = try await LabProcess.up(examples: Self.examples) { lab in
                let mark = try mark(lab)
                #expect(processes(marked: mark).count > 8)
                kill(lab.pid, SIGKILL)
                try await eventually("up is gone") { kill(lab.pid, 0) != 0 || !isRunning(lab.pid) }
                #expect(!processes(marked: mark).isEmpty)
                let status = try await lab.fairway(["lab", "status", "--state-dir", lab.stateDirectory])
                #expect(!status.isSuccess)
                #expect(status.errors.contains("fairway lab down"), "\(status.errors)")
                let down = try await lab.fairway(["lab", "down", "--state-dir", lab.stateDirectory])
                #expect(down.isSuccess, "\(down.errors)")
                return processes(marked: mark)
            }
            #expect(found.isEmpty)
            _ = directory
        }
    }

    private func isRunning(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }

    @Test
    func `down ends a running lab within seconds and leaves no process`() async throws {
        try await LabProcess.up(examples: Self.examples) { lab in
            let mark = try mark(lab)
            try await lab.kubectl("scale", "deployment/web", "--replicas=1")
            let start = ContinuousClock.now
            let down = try await lab.fairway(["lab", "down", "--state-dir", lab.stateDirectory])
            #expect(down.isSuccess, "\(down.errors)")
            #expect(.now - start < .seconds(8))
            #expect(processes(marked: mark).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: lab.stateDirectory + "/lab.json"))
        }
    }

    @Test
    func `nodes on segments of their own, both families, reach each other's pods`() async throws {
        let service = """
            apiVersion: v1
            kind: Service
            metadata: {name: both}
            spec:
              ipFamilyPolicy: RequireDualStack
              selector: {app: web}
              ports: [{port: 80, targetPort: 8080}]
            """
        try await LabProcess.up(
            manifests: ["both.yaml": service], examples: Self.examples, arguments: ["--routed", "--dual-stack"]
        ) { lab in
            for pod in try await lab.pods() {
                let addresses = (pod.status?.podIPs ?? []).map(\.ip)
                #expect(addresses.count == 2)
                for address in addresses {
                    let host = address.contains(":") ? "[\(address)]" : address
                    let echo = try await lab.get("http://\(host):8080/", from: "shell")
                    #expect(echo?.name == pod.metadata.name, "\(address) on \(pod.spec?.nodeName ?? "?")")
                    // A reply larger than any tunnel's packet comes through whole.
                    let large = try await lab.inside(
                        "shell", "curl", "--silent", "--globoff", "--max-time", "3", "--output", "/dev/null",
                        "--write-out", "%{size_download}", "http://\(host):8080/?size=100000")
                    #expect(large.output == "100000")
                }
            }
            let text = try await lab.kubectl("get", "service", "both", "-o", "jsonpath={.spec.clusterIPs}")
            let clusterAddresses = try JSONDecoder().decode([String].self, from: Data(text.utf8))
            #expect(clusterAddresses.count == 2)
            for address in clusterAddresses {
                let host = address.contains(":") ? "[\(address)]" : address
                #expect(try await lab.get("http://\(host)/", from: "shell") != nil, "\(address)")
                #expect(try await lab.get("http://\(host)/", from: "node-1") != nil, "\(address) from the node")
                #expect(try await lab.get("http://\(host)/", from: "client") == nil, "\(address) from outside")
            }
        }
    }

    @Test
    func `a lab works inside a user namespace where the kernel lets it`() async throws {
        let trial = try await LabProcess.isAble(["unshare", "-Urn", "true"])
        guard trial else { return }
        try await LabProcess.up(examples: Self.examples, wrapper: ["unshare", "-Urn"]) { lab in
            let inner = try await lab.get("http://10.96.0.80/", from: "shell")
            #expect(inner != nil)
            let outer = try await lab.get("http://172.18.0.11:30080/", from: "client")
            #expect(outer != nil)
        }
    }

    @Test
    func `pods end in order, restart when they crash, and say what they exited with`() async throws {
        let pods = """
            apiVersion: v1
            kind: Pod
            metadata: {name: once}
            spec:
              restartPolicy: Never
              containers: [{name: main, image: none, command: [sh, -c, "exit 3"]}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: crashing}
            spec:
              containers: [{name: main, image: none, command: [sh, -c, "sleep 0.2; exit 1"]}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: polite}
            spec:
              terminationGracePeriodSeconds: 10
              containers:
                - name: main
                  image: none
                  command: [sh, -c, 'trap "echo goodbye; exit 0" TERM; echo hello; while :; do sleep 0.05; done']
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: onhost}
            spec:
              hostNetwork: true
              nodeSelector: {kubernetes.io/hostname: node-1}
              containers: [{name: main, image: none, ports: [{containerPort: 9090}]}]
            """
        try await LabProcess.up(arguments: ["--nodes", "1"]) { lab in
            try await lab.kubectl("apply", "-f", "-", input: pods)
            func pod(_ name: String) async throws -> JSONValue {
                let text = try await lab.kubectl("get", "pod", name, "-o", "json")
                return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
            }
            func container(_ name: String) async throws -> JSONValue? {
                try await pod(name)[path: "status", "containerStatuses"]?.array?.first
            }
            try await eventually("once has failed") { try await pod("once")[path: "status", "phase"] == "Failed" }
            #expect(try await container("once")?[path: "state", "terminated", "exitCode"] == 3)
            try await eventually("crashing was started again") {
                (try await container("crashing")?["restartCount"]?.integer ?? 0) >= 1
            }
            try await eventually("polite runs") { try await pod("polite")[path: "status", "phase"] == "Running" }
            let log = "\(lab.stateDirectory)/nodes/node-1/pods/default_polite/main.log"
            try await eventually("it says hello") {
                (try? String(contentsOfFile: log, encoding: .utf8))?.contains("hello") == true
            }
            try await lab.kubectl("delete", "pod", "polite", "--wait")
            #expect(try String(contentsOfFile: log, encoding: .utf8).contains("goodbye"))
            try await eventually("onhost answers on the node's address") {
                try await lab.get("http://172.18.0.11:9090/", from: "client")?.name == "onhost"
            }
            #expect(try await pod("onhost")[path: "status", "podIP"] == "172.18.0.11")
        }
    }
}

extension LabProcess {
    static func isAble(_ words: [String]) async throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
