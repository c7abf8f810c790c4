import KubernetesModel
import TrafficPlan

extension TrafficCompiler {
    mutating func settleReport(_ name: ObjectName, into result: inout Compilation) {
        let new = claims[name].map(report(on:))
        guard reports[name] != new else { return }
        reports[name] = new
        result.reports.updateValue(new, forKey: name)
    }

    private func report(on claims: IngressClaims) -> IngressReport {
        let name = claims.name
        var diagnostics = claims.diagnostics
        var routes = 0
        var backends: Set<BackendName> = []
        for hostname in claims.hosts.keys {
            guard let share = hostUnits[hostname]?.shares[name] else { continue }
            routes += share.routes
            backends.formUnion(share.backends)
            diagnostics += share.diagnostics
        }
        if let claim = claims.globalDefault {
            diagnostics += globalDefaultDiagnostics(name, claim)
            if let defaultRoute, defaultRoute.owner == name {
                routes += 1
                if let backend = defaultRoute.backend { backends.insert(backend) }
            }
        }
        for backend in backends { diagnostics += self.diagnostics(of: backend) }
        if let uses = certificateUses[name] {
            diagnostics += uses.diagnostics
            for hostname in uses.secrets.keys { diagnostics += certificateUnits[hostname]?.diagnostics[name] ?? [] }
        }
        return IngressReport(
            uid: claims.uid, generation: claims.generation, hosts: claims.hosts.keys.sorted(), routes: routes,
            accepted: !backends.isEmpty,
            diagnostics: Array(Set(diagnostics).sorted().prefix(IngressReport.maxDiagnostics)))
    }

    private func globalDefaultDiagnostics(_ name: ObjectName, _ claim: BackendClaim) -> [Diagnostic] {
        guard let defaultRoute else { return [] }
        guard defaultRoute.owner != name else { return defaultRoute.diagnostic.map { [$0] } ?? [] }
        return [
            Diagnostic(
                .warning, .defaultBackendConflict, at: claim.origin,
                "the defaultBackend for all hosts is that of the older Ingress \(defaultRoute.owner)")
        ]
    }

    private func diagnostics(of backend: BackendName) -> [Diagnostic] {
        let service = ObjectName(namespace: backend.namespace, name: backend.service)
        return (serviceUnits[service]?.port(.number(backend.port))?.diagnostics ?? [])
            + (endpointDiagnostics[backend] ?? [])
    }
}
