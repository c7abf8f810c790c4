import KubernetesModel
import Logging
import NetTypes

extension PodNetworkAgent {
    /// Serves one start of the CNI executable. Never throws: what fails is an answer too.
    package func answer(_ invocation: CNIInvocation) async -> CNIAnswer {
        let started = ContinuousClock.now
        let verb = invocation.environment["CNI_COMMAND"] ?? ""
        var code = 0
        let output: JSONValue
        let answerVersion = NetworkConfiguration.answerVersion(invocation.configuration)
        do throws(CNIError) {
            let request = try CNIRequest(invocation)
            output = try await serve(request)
        } catch {
            code = error.code.rawValue
            output = error.json(version: answerVersion)
            let container = invocation.environment["CNI_CONTAINERID"] ?? ""
            log.log(
                level: error.code == .tryAgainLater || verb == "STATUS" ? .info : .warning,
                "CNI \(verb.prefix(10)) for container \"\(container.prefix(80))\" failed: \(error)")
        }
        metrics.served(verb: CNIVerb(rawValue: verb), code: code, took: ContinuousClock.now - started)
        return CNIAnswer(exitCode: code == 0 ? 0 : 1, output: output == .null ? [] : output.serialized() + [0x0a])
    }

    private func serve(_ request: CNIRequest) async throws(CNIError) -> JSONValue {
        switch (request.verb, request.key) {
        case (.version, _):
            return [
                "cniVersion": .string(request.configuration.version.rawValue),
                "supportedVersions": .array(CNIVersion.allCases.map { .string($0.rawValue) }),
            ]
        case (.status, _):
            if let obstacle { throw CNIError(.notAvailable, "this node cannot take pods now: \(obstacle)") }
            return .null
        case (.collectGarbage, _):
            try await collectGarbage(request)
            return .null
        case (.add, let key?):
            return try await locks.withLock(key) { () async throws(CNIError) in try await add(key, request) }
        case (.delete, let key?):
            try await locks.withLock(key) { () async throws(CNIError) in try await delete(key) }
            return .null
        case (.check, let key?):
            try await locks.withLock(key) { () async throws(CNIError) in try await check(key, request) }
            return .null
        case (.add, nil), (.delete, nil), (.check, nil):
            throw CNIError(.invalidEnvironment, "CNI_CONTAINERID and CNI_IFNAME are missing")
        }
    }
}
