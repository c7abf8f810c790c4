import KubernetesModel
import TrafficPlan

/// Reads an Ingress on its own. Whatever is wrong in one place leaves every other place working.
struct IngressReader {
    static let maxRules = 10_000
    static let maxPaths = 20_000

    private var claims: IngressClaims
    private var timeouts = RouteTimeouts()
    private var requiresTLS: Bool?
    private var paths = 0

    private static let annotations: Set = [
        Annotations.httpsRedirect, Annotations.requestTimeout, Annotations.idleTimeout,
    ]

    static func claims(of ingress: Ingress) -> IngressClaims {
        var reader = IngressReader(ingress)
        reader.readAnnotations(of: ingress)
        if let spec = ingress.spec { reader.read(spec) }
        reader.claims.diagnostics.sort()
        return reader.claims
    }

    private init(_ ingress: Ingress) {
        claims = IngressClaims(
            seniority: Seniority(ingress.metadata), uid: ingress.metadata.uid,
            generation: ingress.metadata.generation)
    }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ reason: Diagnostic.Reason, _ field: String, _ message: String
    ) {
        claims.diagnostics.append(Diagnostic(severity, reason, at: claims.origin.at(field), message))
    }

    private mutating func readAnnotations(of ingress: Ingress) {
        var annotations = Annotations(
            ingress.metadata.annotations, known: Self.annotations, origin: claims.origin)
        requiresTLS = annotations.boolean(Annotations.httpsRedirect)
        if let request = annotations.duration(Annotations.requestTimeout) { timeouts.request = request }
        if let idle = annotations.duration(Annotations.idleTimeout) { timeouts.idle = idle }
        claims.diagnostics += annotations.diagnostics
        let legacy = IngressOwnership.legacyAnnotation
        if let name = ingress.spec?.ingressClassName, let old = ingress.metadata.annotations?[legacy], old != name {
            report(
                .warning, .ambiguousClass, "metadata.annotations[\(legacy)]",
                "\"\(old.clipped)\" is ignored, because spec.ingressClassName is set to \"\(name.clipped)\"")
        }
    }

    private mutating func read(_ spec: Ingress.Spec) {
        let rules = spec.rules ?? []
        let fallback = spec.defaultBackend.map { backend($0, field: "spec.defaultBackend") }
        for (index, rule) in rules.prefix(Self.maxRules).enumerated() {
            read(rule, field: "spec.rules[\(index)]", fallback: fallback)
        }
        if rules.count > Self.maxRules {
            report(.error, .tooLarge, "spec.rules", "only the first \(Self.maxRules) rules are served")
        }
        if rules.isEmpty {
            claims.globalDefault = fallback
            if fallback == nil {
                report(.warning, .noPaths, "spec", "there is neither a rule nor a defaultBackend; nothing is served")
            }
        }
        for (index, entry) in (spec.tls ?? []).prefix(Self.maxRules).enumerated() {
            read(entry, field: "spec.tls[\(index)]")
        }
    }

    private mutating func read(_ rule: Ingress.Rule, field: String, fallback: BackendClaim?) {
        guard let host = ruleHost(rule.host ?? "", field: "\(field).host") else { return }
        let rulePaths = rule.http?.paths ?? []
        guard !rulePaths.isEmpty || fallback != nil else {
            report(.warning, .noPaths, field, "the rule has no paths, and there is no defaultBackend; it is ignored")
            return
        }
        var claim = claims.hosts[host] ?? HostClaim(fallback: fallback, requiresTLS: requiresTLS)
        for (index, path) in rulePaths.enumerated() {
            paths += 1
            guard paths <= Self.maxPaths else {
                report(.error, .tooLarge, field, "only the first \(Self.maxPaths) paths of an Ingress are served")
                break
            }
            if let read = read(path, field: "\(field).http.paths[\(index)]") { claim.paths.append(read) }
        }
        claims.hosts[host] = claim
    }

    /// A wildcard is `*.` and a name; the empty text is any host.
    private mutating func ruleHost(_ text: String, field: String) -> Hostname? {
        guard !text.isEmpty else { return .any }
        // Not lowercased before its length is known to be sane.
        let fault = text.utf8.count > 255 ? "it is too long" : DNSName.fault(inRuleHost: text.lowercased())
        guard let fault else { return Hostname(text) }
        report(.error, .invalidHost, field, "\"\(text.clipped)\" is no host name: \(fault)")
        return nil
    }

    private mutating func read(_ path: Ingress.Path, field: String) -> PathClaim? {
        switch PathRule.read(path.path, type: path.pathType) {
        case .match(let match):
            return PathClaim(match: match, backend: backend(path.backend, field: "\(field).backend", route: field))
        case .invalid(let reason, let message):
            let isType = reason == .unsupportedPathType
            report(.error, reason, "\(field).\(isType ? "pathType" : "path")", message)
            return nil
        case .unreadable(let message, let below):
            report(
                .error, .invalidRegex, "\(field).path",
                "the regular expression cannot be served: \(message); requests below \(below.text) that nothing "
                    + "else matches are answered with 500")
            let refused = BackendClaim(
                target: .refused(status: 500, body: "invalid rule\n"), origin: claims.origin.at(field))
            return PathClaim(match: below, backend: refused, isLastResort: true)
        }
    }

    /// - Parameter route: the field that the route comes from, where it is not the backend's own.
    private mutating func backend(_ backend: Ingress.Backend, field: String, route: String? = nil) -> BackendClaim {
        BackendClaim(
            target: target(backend, field: field), timeouts: timeouts, origin: claims.origin.at(route ?? field))
    }

    private mutating func target(_ backend: Ingress.Backend, field: String) -> BackendClaim.Target {
        if backend.resource != nil {
            report(
                .error, .unsupportedBackend, "\(field).resource",
                "resource backends are not supported; name a Service. Requests are answered with 500")
            return .refused(status: 500, body: "unsupported backend\n")
        }
        guard let service = backend.service, !service.name.isEmpty, service.name.utf8.count <= 253 else {
            report(.error, .invalidBackend, field, "no Service is named; requests are answered with 500")
            return .refused(status: 500, body: "invalid backend\n")
        }
        let name = ObjectName(namespace: claims.name.namespace, name: service.name)
        if let number = service.port?.number, number != 0 {
            if let port = UInt16(exactly: number) { return .service(name, .number(port)) }
        } else if let port = service.port?.name, !port.isEmpty {
            return .service(name, .name(String(port.prefix(64))))
        }
        report(
            .error, .invalidBackend, "\(field).service.port",
            "no port between 1 and 65535, and no port's name, is given; requests are answered with 500")
        return .refused(status: 500, body: "invalid backend\n")
    }

    private mutating func read(_ entry: Ingress.TLS, field: String) {
        let texts = entry.hosts ?? []
        var hosts: [Hostname] = []
        for (index, text) in texts.prefix(Self.maxRules).enumerated() {
            guard let host = ruleHost(text, field: "\(field).hosts[\(index)]"), host != .any else { continue }
            hosts.append(host)
        }
        // Without a Secret the entry only says that the hosts have TLS, with the default certificate.
        guard let secret = entry.secretName, !secret.isEmpty else { return }
        claims.certificates.append(
            CertificateClaim(
                hosts: hosts, listsHosts: !texts.isEmpty,
                secret: ObjectName(namespace: claims.name.namespace, name: String(secret.prefix(253))),
                origin: claims.origin.at("\(field).secretName")))
    }
}

extension RouteMatch.Path {
    var text: String {
        switch self {
        case .exact(let text), .prefix(let text), .regex(let text): text
        }
    }
}
