import KubernetesModel

/// What runs in a pod's containers. A container with a command runs it as a process of this machine in the pod's network
/// namespace; its image is only a name. A container without one is an echo server on each of its TCP ports.
struct PodProgram: Hashable, Sendable {
    var container: String
    var program: String
    var arguments: [String]
    var environment: [String: String]
    var workingDirectory: String?
    var readiness: Pod.Probe?
    var initialDelay: Int32
    var lifecycle: Pod.Lifecycle?

    /// - Parameter fairway: the path of the fairway program.
    static func all(of pod: Pod, node: String, addresses: [String], fairway: String) -> [PodProgram] {
        (pod.spec?.containers ?? []).flatMap { container -> [PodProgram] in
            var environment = [
                "POD_NAME": pod.metadata.name, "POD_NAMESPACE": pod.metadata.namespace ?? "default",
                "POD_IP": addresses.first ?? "", "NODE_NAME": node,
            ]
            for variable in container.env ?? [] {
                if let value = variable.value { environment[variable.name] = value }
            }
            let command = (container.command ?? []) + (container.args ?? [])
            if let program = container.command?.first ?? command.first, container.command != nil {
                return [
                    make(container, environment, program, Array(command.dropFirst()), container.readinessProbe)
                ]
            }
            let ports = (container.ports ?? []).filter { ($0.protocol ?? "TCP") == "TCP" }.map(\.containerPort)
            let bind = addresses.contains { $0.contains(":") } ? "::" : "0.0.0.0"
            return (ports.isEmpty ? [8080] : ports).map { port in
                let arguments =
                    ["echo", "--bind", bind, "--port", "\(port)", "--name", pod.metadata.name]
                    + (container.args ?? ["--stop-delay", "1"])
                // It listens a moment after it has started; nobody should come before.
                let probe = container.readinessProbe ?? Pod.Probe(tcpSocket: .init(port: .int(port)))
                return make(container, environment, fairway, arguments, probe)
            }
        }
    }

    private static func make(
        _ container: Pod.Container, _ environment: [String: String], _ program: String, _ arguments: [String],
        _ probe: Pod.Probe?
    ) -> PodProgram {
        PodProgram(
            container: container.name, program: program, arguments: arguments, environment: environment,
            workingDirectory: container.workingDir, readiness: probe,
            initialDelay: probe?.initialDelaySeconds ?? 0, lifecycle: container.lifecycle)
    }
}

extension Pod {
    /// The number behind a probe's port, which may be one of the container's port names.
    func portNumber(_ port: IntOrString, of container: String) -> UInt16? {
        switch port {
        case .int(let number): return UInt16(exactly: number)
        case .string(let name):
            let ports = spec?.containers?.first { $0.name == container }?.ports ?? []
            return ports.first { $0.name == name }.flatMap { UInt16(exactly: $0.containerPort) }
        }
    }
}
