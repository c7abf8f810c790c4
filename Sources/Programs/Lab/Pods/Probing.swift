import KubernetesModel
import NetTypes

/// Asks a container whether it is ready, from the node as a kubelet does.
struct Probing: Sendable {
    let probe: Pod.Probe
    /// Already resolved; `nil` when the probe names a port that the container does not have.
    let port: UInt16?
    let address: IPAddress?
    let node: LabNamespace
    /// Where `exec` runs.
    let pod: LabNamespace
    let mark: LabMark

    /// Until the first success it asks often, so that a start costs no whole period.
    private static let eager: Duration = .milliseconds(50)

    /// Runs until cancelled.
    func run(delay: Duration, changed: @Sendable (Bool) -> Void) async {
        var isReady = false
        var streak = 0
        do {
            try await Task.sleep(for: delay)
            while true {
                let succeeded = await ask()
                streak = succeeded == isReady ? 0 : streak + 1
                if streak >= Int(max(1, isReady ? probe.failureThreshold ?? 3 : probe.successThreshold ?? 1)) {
                    isReady = succeeded
                    streak = 0
                    changed(isReady)
                }
                let period = Duration.seconds(Int64(max(1, probe.periodSeconds ?? 10)))
                try await Task.sleep(for: isReady ? period : min(period, Self.eager))
            }
        } catch {
            return
        }
    }

    private func ask() async -> Bool {
        let timeout = Int(max(1, probe.timeoutSeconds ?? 1))
        if let command = probe.exec?.command, let program = command.first {
            let check = LabCommand(program, Array(command.dropFirst()), in: pod, mark: mark)
            // One that cannot be run says no.
            return (try? await check.collect().isSuccess) ?? false
        }
        guard let port, let address else { return false }
        let path = probe.httpGet.map { $0.path ?? "/" }
        // A namespace that is gone has nobody to answer.
        return (try? await node.onThread { Self.ask(address, port, path: path, timeout: timeout) }) ?? false
    }

    private static func ask(_ address: IPAddress, _ port: UInt16, path: String?, timeout: Int) -> Bool {
        guard let connection = BlockingConnection(to: address, port: port, timeout: timeout) else { return false }
        guard let path else { return true }
        let host = SocketEndpoint(address: address, port: port)
        let answer = connection.exchange(
            "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: fairway-lab\r\nConnection: close\r\n\r\n")
        let code = (answer ?? "").split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (200..<400).contains(code)
    }
}
