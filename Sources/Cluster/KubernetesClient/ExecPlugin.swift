import FoundationEssentials
package import KubernetesModel
import Subprocess
import SystemPackage

/// A credential plugin of a kubeconfig user (KEP-541): a program that prints an `ExecCredential`.
package struct ExecPlugin: Sendable {
    package enum APIVersion: String, CaseIterable, Sendable {
        case v1 = "client.authentication.k8s.io/v1"
        case v1beta1 = "client.authentication.k8s.io/v1beta1"
    }

    /// A path, or a name to look up on `PATH`.
    package var command: String
    package var arguments: [String] = []
    /// The whole environment of the program.
    package var environment: [String: String] = [:]
    package var apiVersion: APIVersion
    package var installHint: String?
    /// Given to the program where `provideClusterInfo` asks for it.
    package var clusterInfo: JSONValue?
    /// For messages: the field and its file.
    package var origin: String

    package init(command: String, apiVersion: APIVersion, origin: String) {
        self.command = command
        self.apiVersion = apiVersion
        self.origin = origin
    }
}

/// What a plugin printed.
struct ExecCredential: Decodable, Sendable {
    var apiVersion: String?
    var kind: String?
    var status: Status?

    struct Status: Decodable, Sendable, Equatable {
        var expirationTimestamp: Timestamp?
        var token: String?
        /// PEM texts, not base64 of them.
        var clientCertificateData: String?
        var clientKeyData: String?
    }
}

extension ExecPlugin {
    /// Runs the program and reads its answer. Its output is never quoted in an error: it may hold the token; its
    /// standard error is, since that is where plugins say "run `x login`".
    func run(timeout: Duration = .seconds(60)) async throws(KubernetesError) -> ExecCredential.Status {
        let finished: (status: TerminationStatus, output: String, errors: String)
        do {
            finished = try await withDeadline(timeout) { try await execute() }
        } catch is DeadlineReached {
            throw problem("gave no answer within \(timeout)")
        } catch is CancellationError {
            throw KubernetesError(.cancelled, operation: "run", subject: origin, message: "cancelled")
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw problem("\(command) is not installed. \(installHint ?? "")", cause: error)
        } catch {
            throw problem("\(command) cannot be started: \(error)", cause: error)
        }
        guard finished.status == .exited(0) else {
            let words = finished.errors.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " / ")
            throw problem("\(command) \(finished.status.text): \(words)")
        }
        return try credential(from: finished.output)
    }

    private func execute() async throws -> (TerminationStatus, String, String) {
        var variables: [Environment.Key: String] = ["KUBERNETES_EXEC_INFO": try info()]
        for (name, value) in environment {
            guard let key = Environment.Key(rawValue: name), name != "KUBERNETES_EXEC_INFO" else { continue }
            variables[key] = value
        }
        let result = try await Subprocess.run(
            command.contains("/") ? .path(FilePath(command)) : .name(command), arguments: Arguments(arguments),
            environment: .custom(variables), output: .string(limit: 1 << 20), error: .string(limit: 64 << 10))
        return (result.terminationStatus, result.standardOutput, result.standardError)
    }

    private func info() throws -> String {
        var spec: JSONValue = ["interactive": false]
        if let clusterInfo { spec["cluster"] = clusterInfo }
        let info: JSONValue = ["apiVersion": .string(apiVersion.rawValue), "kind": "ExecCredential", "spec": spec]
        return String(decoding: try JSONEncoder().encode(info), as: UTF8.self)
    }

    private func credential(from output: String) throws(KubernetesError) -> ExecCredential.Status {
        let credential: ExecCredential
        do {
            credential = try JSONDecoder().decode(ExecCredential.self, from: Data(output.utf8))
        } catch {
            throw problem("\(command) printed no ExecCredential: \(DecodingFailure.reason(error))")
        }
        guard credential.kind == "ExecCredential", credential.apiVersion == apiVersion.rawValue else {
            throw problem(
                "\(command) printed \(credential.apiVersion ?? "no version") \(credential.kind ?? "of no kind"), not "
                    + "\(apiVersion.rawValue) ExecCredential")
        }
        guard let status = credential.status,
            status.token?.isEmpty == false || status.clientCertificateData?.isEmpty == false
        else { throw problem("\(command) gave neither a token nor a client certificate") }
        guard (status.clientCertificateData == nil) == (status.clientKeyData == nil) else {
            throw problem("\(command) gave only one of clientCertificateData and clientKeyData")
        }
        return status
    }

    private func problem(_ message: String, cause: (any Error)? = nil) -> KubernetesError {
        KubernetesError(.credentials, operation: "run", subject: origin, message: message, cause: cause)
    }
}

extension TerminationStatus {
    fileprivate var text: String {
        switch self {
        case .exited(let code): "exited with \(code)"
        case .signaled(let signal): "was killed by signal \(signal)"
        }
    }
}
