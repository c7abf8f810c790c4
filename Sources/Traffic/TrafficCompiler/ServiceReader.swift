import KubernetesModel
import TLSMaterial
import TrafficPlan

/// Reads a Service, with the Secret that its annotation names, as backends.
struct ServiceReader {
    private let name: ObjectName
    private let service: Service
    private let secret: SecretUnit?
    private let origin: Origin
    private var annotations: Annotations
    private var serverName: String?

    private static let annotations: Set = [Annotations.upstreamCASecret, Annotations.upstreamServerName]
    static let maxPorts = 1000

    /// The Secret with the authorities to verify the backend by.
    static func trustSecret(of service: Service, named name: ObjectName) -> ObjectName? {
        guard let secret = service.metadata.annotations?[Annotations.prefix + Annotations.upstreamCASecret],
            secret.utf8.count <= 253
        else { return nil }
        return ObjectName(namespace: name.namespace, name: secret)
    }

    static func unit(_ service: Service, named name: ObjectName, trust secret: SecretUnit?) -> ServiceUnit {
        var reader = ServiceReader(service, name, secret)
        return reader.unit()
    }

    private init(_ service: Service, _ name: ObjectName, _ secret: SecretUnit?) {
        self.service = service
        self.name = name
        self.secret = secret
        origin = Origin(kind: "Service", namespace: name.namespace, name: name.name)
        annotations = Annotations(service.metadata.annotations, known: Self.annotations, origin: origin)
        if let text = annotations.text(Annotations.upstreamServerName) {
            if DNSName.fault(in: text) == nil {
                serverName = text
            } else {
                annotations.refuse(Annotations.upstreamServerName, "\"\(text.clipped)\" is no host name")
            }
        }
    }

    private mutating func unit() -> ServiceUnit {
        let external = service.spec?.type == "ExternalName" ? externalHost() : nil
        var numbers: Set<UInt16> = []
        var ports: [ServiceUnit.Port] = []
        for (index, port) in (service.spec?.ports ?? []).prefix(Self.maxPorts).enumerated() {
            guard port.protocol ?? "TCP" == "TCP", let number = UInt16(exactly: port.port), number > 0,
                numbers.insert(number).inserted
            else { continue }
            ports.append(read(port, number, field: "spec.ports[\(index)]", external: external))
        }
        return ServiceUnit(ports: ports, anyPort: ports.isEmpty ? external : nil, name: name)
    }

    /// A name that the proxy may look up. Addresses, and names of the proxy's own machine, would let whoever may write
    /// a Service reach what only the proxy can reach.
    private func externalHost() -> Result<String, ServiceUnit.Refusal> {
        var host = (service.spec?.externalName ?? "").lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        let own: Set = ["localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"]
        let fault =
            own.contains(host) || host.hasSuffix(".localhost")
            ? "it is the proxy's own machine" : DNSName.fault(in: host)
        guard let fault else { return .success(host) }
        return .failure(
            ServiceUnit.Refusal(
                diagnostic: Diagnostic(
                    .error, .backendRefused, at: origin.at("spec.externalName"),
                    "\"\(host.clipped)\" is refused: \(fault). Requests are answered with 500")))
    }

    private mutating func read(
        _ port: Service.Port, _ number: UInt16, field: String, external: Result<String, ServiceUnit.Refusal>?
    ) -> ServiceUnit.Port {
        var diagnostics = annotations.diagnostics
        var backend = Backend(
            name: BackendName(namespace: name.namespace, service: name.name, port: number), origin: origin.at(field))
        let isTLS: Bool
        switch port.appProtocol {
        case nil, "http", "ws", "kubernetes.io/ws": isTLS = false
        case "kubernetes.io/h2c", "h2c", "grpc":
            isTLS = false
            backend.version = .http2
        case "https":
            isTLS = true
            backend.version = .negotiated
        case "wss", "kubernetes.io/wss": isTLS = true
        case .some(let text):
            isTLS = false
            diagnostics.append(
                Diagnostic(
                    .warning, .unknownAppProtocol, at: origin.at("\(field).appProtocol"),
                    "\"\(text.clipped)\" is not known; HTTP/1.1 is spoken to this port"))
        }
        var result = Result<Backend, ServiceUnit.Refusal>.success(backend)
        do throws(ServiceUnit.Refusal) {
            if let external { backend.discovery = .dns(host: try external.get(), port: number) }
            if isTLS { backend.tls = try upstreamTLS(for: backend) }
            result = .success(backend)
        } catch {
            result = .failure(error)
        }
        return ServiceUnit.Port(name: port.name ?? "", number: number, backend: result, diagnostics: diagnostics)
    }

    /// Without readable authorities the backend is refused: TLS that verifies nothing would only look safe.
    private func upstreamTLS(for backend: Backend) throws(ServiceUnit.Refusal) -> UpstreamTLS {
        var tls = UpstreamTLS(serverName: serverName ?? "\(name.name).\(name.namespace).svc")
        if serverName == nil, case .dns(let host, _) = backend.discovery { tls.serverName = host }
        guard let secretName = annotations.text(Annotations.upstreamCASecret) else { return tls }
        let field = Annotations.field(Annotations.upstreamCASecret)
        func refusal(_ reason: Diagnostic.Reason, _ message: String) -> ServiceUnit.Refusal {
            ServiceUnit.Refusal(
                diagnostic: Diagnostic(
                    .error, reason, at: origin.at(field), "\(message). Requests are answered with 500"))
        }
        guard let secret else { throw refusal(.secretNotFound, "there is no Secret \(secretName.clipped)") }
        switch secret.trust {
        case .success(let certificates): tls.trustedCertificates = certificates.pem
        case .failure(let fault): throw refusal(.invalidCertificate, "Secret \(secretName.clipped): \(fault)")
        }
        return tls
    }
}
