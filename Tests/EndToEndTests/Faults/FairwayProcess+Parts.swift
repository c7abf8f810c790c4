import Foundation
import KubernetesModel
import TestSupport

/// The parts of a gateway one by one, for tests that kill them.
extension FairwayProcess {
    /// Ports and a folder, with nothing running. An Envoy that a killed controller leaves behind ends with the test.
    @discardableResult
    static func parts<Result: Sendable>(
        _ body: @escaping @Sendable (FairwayProcess) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { directory in
            let fairway = try FairwayProcess(
                httpPort: freePort(), httpsPort: freePort(), apiPort: freePort(), adminPort: freePort(),
                directory: directory)
            try FileManager.default.createDirectory(
                atPath: fairway.manifestDirectory, withIntermediateDirectories: true)
            defer { if let pid = fairway.envoyPID { kill(pid, SIGKILL) } }
            return try await body(fairway)
        }
    }

    var upArguments: [String] {
        get throws { try ["up", manifestDirectory, "--api-port", "\(apiPort)"] + gatewayArguments(dataDirectory) }
    }

    var apiArguments: [String] { ["api", "--api-port", "\(apiPort)", "--data-dir", dataDirectory] }

    var controllerArguments: [String] {
        get throws {
            try ["controller", "--local-envoy", "--kubeconfig", kubeconfig] + gatewayArguments(dataDirectory)
        }
    }

    private func gatewayArguments(_ dataDirectory: String) throws -> [String] {
        [
            "--bind", "127.0.0.1", "--http-port", "\(httpPort)", "--https-port", "\(httpsPort)", "--admin-port",
            "\(adminPort)", "--data-dir", dataDirectory, "--envoy", try Tool.envoy.required(),
        ]
    }

    /// The process that the supervisor wrote down as its Envoy.
    var envoyPID: Int32? {
        struct Record: Decodable {
            struct Process: Decodable { var pid: Int32 }
            var process: Process
        }
        let path = dataDirectory + "/envoy/envoy-process.json"
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSONDecoder().decode(Record.self, from: data).process.pid
    }

    /// A value from `/metrics`, Envoy's among them.
    func metric(_ name: String) async throws -> Double? {
        let answer = try await HTTPConnection.open(port: adminPort) { connection in
            try await connection.send("GET", "/metrics", host: "localhost")
        }
        let line = answer.body.split(separator: "\n").first {
            $0.hasPrefix(name) && ($0.dropFirst(name.count).first == " " || $0.dropFirst(name.count).first == "{")
        }
        return line?.split(separator: " ").last.flatMap { Double($0) }
    }

    func get(_ host: String, _ target: String = "/") async throws -> HTTPConnection.Answer {
        try await HTTPConnection.open(port: httpPort) { connection in
            try await connection.send("GET", target, host: host)
        }
    }

    /// Waits until a host is answered so; while nobody listens, it goes on asking.
    @discardableResult
    func wait(
        _ host: String, _ target: String = "/", within timeout: Duration = .seconds(20),
        answers condition: @Sendable (HTTPConnection.Answer) -> Bool = { $0.status == 200 }
    ) async throws -> HTTPConnection.Answer {
        try await eventually("http://\(host)\(target) answers as wanted", within: timeout) {
            // Refused while Envoy is away: that is what is waited for to end.
            guard let answer = try? await get(host, target) else { return nil }
            return condition(answer) ? answer : nil
        }
    }
}

extension Manifest {
    /// An Ingress that sends a whole host to a Service.
    static func route(
        _ name: String, _ host: String, to service: String, annotations: [String: String] = [:]
    ) -> JSONValue {
        ingress(name, [Rule(host, [.prefix("/", service)])], annotations: annotations)
    }
}
