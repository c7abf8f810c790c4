import NetTypes
import TrafficPlan

@testable import KubernetesModel
@testable import TrafficCompiler

/// A compiler with an IngressClass `fairway` of ours, and short ways to make objects.
enum Fixture {
    static let now = Timestamp(secondsSinceEpoch: TestCertificates.now)

    static func settings() -> CompilerSettings {
        func listener(_ name: String, _ port: UInt16, _ transport: Listener.Transport) -> Listener {
            Listener(
                name: ListenerName(name), bind: SocketEndpoint(address: .v4(127, 0, 0, 1), port: port),
                transport: transport, origin: .builtIn)
        }
        return CompilerSettings(
            listeners: [listener("http", 8080, .plain), listener("https", 8443, .tls)],
            defaultCertificate: Certificate(chain: "default", key: PrivateKey(pem: "default"), origin: .builtIn))
    }

    static func compiler() -> TrafficCompiler {
        var compiler = TrafficCompiler(settings: settings())
        _ = compiler.apply([.ingressClass(ObjectName(name: "fairway"), ingressClass())], now: now)
        return compiler
    }

    static func ingressClass(
        _ name: String = "fairway", controller: String = "fairway.dev/ingress-controller", created: Int64 = 0,
        isDefault: Bool = false
    ) -> IngressClass {
        IngressClass(
            metadata: ObjectMeta(
                name: name, creationTimestamp: Timestamp(secondsSinceEpoch: created),
                annotations: isDefault ? [IngressOwnership.defaultAnnotation: "true"] : nil),
            spec: .init(controller: controller))
    }

    static func name(_ text: String) -> ObjectName { ObjectName(namespace: "default", name: text) }

    static func backend(_ service: String, _ port: Int32 = 80) -> Ingress.Backend {
        Ingress.Backend(service: .init(name: service, port: .init(number: port)))
    }

    /// An Ingress whose rules are host → path → Service.
    static func ingress(
        _ name: String, created: Int64 = 100, className: String? = "fairway",
        rules: [(String, [(String, String)])] = [],
        pathType: String = "Prefix", fallback: String? = nil, tls: [Ingress.TLS]? = nil,
        annotations: [String: String]? = nil
    ) -> SourceChange {
        let rules = rules.map { host, paths in
            Ingress.Rule(
                host: host.isEmpty ? nil : host,
                http: .init(paths: paths.map { .init(path: $0, pathType: pathType, backend: backend($1)) }))
        }
        let metadata = ObjectMeta(
            name: name, namespace: "default", creationTimestamp: Timestamp(secondsSinceEpoch: created),
            annotations: annotations)
        let spec = Ingress.Spec(
            ingressClassName: className, defaultBackend: fallback.map { backend($0) }, tls: tls, rules: rules)
        return .ingress(self.name(name), Ingress(metadata: metadata, spec: spec))
    }

    static func service(_ name: String, ports: [Service.Port] = [.init(port: 80)]) -> SourceChange {
        .service(
            self.name(name),
            Service(metadata: ObjectMeta(name: name, namespace: "default"), spec: .init(ports: ports)))
    }

    static func slice(_ name: String, of service: String, _ addresses: [String], port: Int32 = 8080) -> SourceChange {
        .endpointSlice(
            self.name(name),
            EndpointSlice(
                metadata: ObjectMeta(
                    name: name, namespace: "default", labels: [EndpointSlice.serviceLabel: service]),
                endpoints: addresses.map { .init(addresses: [$0]) }, ports: [.init(port: port)]))
    }

    static func limit(
        _ name: String, _ requests: Int64 = 10, when: [RateLimitPolicy.Condition]? = nil
    ) -> RateLimitPolicy.Limit {
        RateLimitPolicy.Limit(name: name, when: when, allow: .init(requests: requests, per: "Second"))
    }

    static func reference(_ kind: String, _ name: String, section: String? = nil) -> PolicyTargetReference {
        PolicyTargetReference(
            group: kind == "Service" ? "" : "networking.k8s.io", kind: kind, name: name, sectionName: section)
    }

    static func rateLimits(
        _ name: String, at targets: [PolicyTargetReference], _ limits: [RateLimitPolicy.Limit]? = nil,
        overrides: [RateLimitPolicy.Limit]? = nil, created: Int64 = 100, namespace: String = "default"
    ) -> SourceChange {
        .rateLimitPolicy(
            ObjectName(namespace: namespace, name: name),
            RateLimitPolicy(
                metadata: ObjectMeta(
                    name: name, namespace: namespace, creationTimestamp: Timestamp(secondsSinceEpoch: created)),
                spec: .init(
                    targetRefs: targets, limits: limits, overrides: overrides.map { .init(limits: $0) })))
    }

    static func client(
        _ name: String, hops: Int32? = nil, cidrs: [String]? = nil, proxyProtocol: String? = nil,
        at target: PolicyTargetReference = reference("IngressClass", "fairway"), created: Int64 = 100
    ) -> SourceChange {
        .clientPolicy(
            self.name(name),
            ClientPolicy(
                metadata: ObjectMeta(
                    name: name, namespace: "default", creationTimestamp: Timestamp(secondsSinceEpoch: created)),
                spec: .init(
                    targetRefs: [target],
                    clientAddress: hops == nil && cidrs == nil ? nil : .init(trustedHops: hops, trustedCIDRs: cidrs),
                    proxyProtocol: proxyProtocol.map { .init(mode: $0) })))
    }

    static func secret(_ name: String, names: String) throws -> SourceChange {
        let data = [
            "tls.crt": try TestCertificates.expand(SecretValue(base64: "@chain \(names)")),
            "tls.key": try TestCertificates.expand(SecretValue(base64: "@key \(names)")),
        ]
        return .secret(
            self.name(name),
            Secret(
                metadata: ObjectMeta(name: name, namespace: "default"), type: "kubernetes.io/tls", data: data))
    }
}

extension Compilation {
    /// The reports that came, as reasons by Ingress.
    var reasons: [String: [String]] {
        Dictionary(
            uniqueKeysWithValues: reports.map { ($0.key.name, ($0.value?.diagnostics ?? []).map(\.reason)) })
    }
}
