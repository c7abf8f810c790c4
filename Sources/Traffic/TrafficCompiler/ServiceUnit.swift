import KubernetesModel
import TrafficPlan

/// A Service as backends see it.
struct ServiceUnit: Hashable, Sendable {
    /// A backend that must not be used, and what its routes answer instead.
    struct Refusal: Error, Hashable, Sendable {
        var diagnostic: Diagnostic
        var status: UInt16 = 500
        var body = "backend refused\n"
    }

    struct Port: Hashable, Sendable {
        var name: String
        var number: UInt16
        var backend: Result<Backend, Refusal>
        var diagnostics: [Diagnostic]
    }

    /// What routes need to know; as long as it stays the same, no route has to be compiled again.
    struct Routing: Hashable, Sendable {
        var takesAnyPort: Bool
        var anyPortRefusal: Refusal?
        var ports: [RoutedPort]
    }

    struct RoutedPort: Hashable, Sendable {
        var name: String
        var number: UInt16
        var refusal: Refusal?
    }

    var ports: [Port]
    /// An `ExternalName` Service without ports takes any port by number.
    var anyPort: Result<String, Refusal>?
    var name: ObjectName

    var routing: Routing {
        Routing(
            takesAnyPort: anyPort != nil, anyPortRefusal: anyPort?.refusal,
            ports: ports.map { RoutedPort(name: $0.name, number: $0.number, refusal: $0.backend.refusal) })
    }

    func port(_ reference: PortReference) -> Port? {
        let found = ports.first { port in
            switch reference {
            case .number(let number): port.number == number
            case .name(let name): port.name == name
            }
        }
        guard found == nil, let anyPort, case .number(let number) = reference else { return found }
        let backend = anyPort.map { host in
            Backend(
                name: BackendName(namespace: name.namespace, service: name.name, port: number),
                discovery: .dns(host: host, port: number),
                origin: Origin(kind: "Service", namespace: name.namespace, name: name.name))
        }
        return Port(name: "", number: number, backend: backend, diagnostics: [])
    }
}

extension Result where Failure == ServiceUnit.Refusal {
    fileprivate var refusal: Failure? {
        if case .failure(let refusal) = self { refusal } else { nil }
    }
}
