import KubernetesModel
import TrafficPlan

/// Computing what is stale, in the order in which units depend on each other.
extension TrafficCompiler {
    mutating func settle(now: Int64, into result: inout Compilation) {
        if stale.fixed { publishFixed(into: &result) }
        for name in stale.ingresses {
            result.recompiled.ingresses += 1
            settleIngress(name)
        }
        stale.ingresses = []
        for name in stale.services { settleService(name) }
        stale.services = []
        settlePolicies(into: &result)
        settleDefaultRoute()
        for hostname in stale.hosts {
            result.recompiled.virtualHosts += 1
            settleHost(hostname, into: &result)
        }
        stale.hosts = []
        settleLimitSets(into: &result)
        for name in stale.backends {
            result.recompiled.backends += 1
            settleBackend(name, into: &result)
        }
        stale.backends = []
        for name in stale.endpoints {
            result.recompiled.endpointSets += 1
            settleEndpoints(name, into: &result)
        }
        stale.endpoints = []
        settleCertificates(now: now, into: &result)
        for name in stale.reports {
            result.recompiled.reports += 1
            settleReport(name, into: &result)
        }
        stale.reports = []
        for name in stale.policyReports { settlePolicyReport(name, into: &result) }
        stale.policyReports = []
    }

    private mutating func publishFixed(into result: inout Compilation) {
        stale.fixed = false
        publish(settings.defaultCertificate, at: .any, plan: \.certificates, change: \.certificates, into: &result)
    }

    private mutating func settleIngress(_ name: ObjectName) {
        let old = claims[name]
        let ingress = ingresses[name]
        let isOurs = ingress.map { ownership.isOurs(IngressOwnership.reference(of: $0)) } ?? false
        var new = isOurs ? ingress.map(IngressReader.claims(of:)) : nil
        new?.className = ingress.flatMap { ownership.className(of: IngressOwnership.reference(of: $0)) }
        if (old == nil) != (new == nil) {
            stale.policyReports.formUnion(index.policiesOfObject[PolicyTarget(kind: .ingress, name: name)] ?? [])
        }
        guard old != new else { return }
        if let old { unlink(old) }
        claims[name] = new
        if let new { link(new) }
        stale.hosts.formUnion(old?.hosts.keys.map(\.self) ?? [])
        stale.hosts.formUnion(new?.hosts.keys.map(\.self) ?? [])
        stale.reports.insert(name)
        if old?.globalDefault != nil || new?.globalDefault != nil { stale.defaultRoute = true }
        if old?.certificates != new?.certificates || old?.seniority != new?.seniority {
            stale.certificateUses.insert(name)
        }
    }

    private mutating func unlink(_ old: IngressClaims) {
        for host in old.hosts.keys { index.ingressesOfHost.unlink(old.name, from: host) }
        for service in old.services {
            index.ingressesOfService.unlink(old.name, from: service)
            if index.ingressesOfService[service] == nil {
                serviceUnits[service] = nil
                stale.policyReports.formUnion(policies(attachedTo: service))
            }
        }
        for secret in old.secrets { index.ingressesOfSecret.unlink(old.name, from: secret) }
        stale.releasedSecrets.formUnion(old.secrets)
        index.globalDefaults.remove(old.name)
    }

    private mutating func link(_ new: IngressClaims) {
        for host in new.hosts.keys { index.ingressesOfHost.link(new.name, to: host) }
        for service in new.services {
            index.ingressesOfService.link(new.name, to: service)
            guard serviceUnits[service] == nil else { continue }
            stale.services.insert(service)
            stale.policyReports.formUnion(policies(attachedTo: service))
        }
        for secret in new.secrets { index.ingressesOfSecret.link(new.name, to: secret) }
        if new.globalDefault != nil { index.globalDefaults.insert(new.name) }
    }

    private func policies(attachedTo service: ObjectName) -> Set<PolicyName> {
        index.policiesOfObject[PolicyTarget(kind: .service, name: service)] ?? []
    }

    private mutating func settleService(_ name: ObjectName) {
        guard let dependents = index.ingressesOfService[name] else { return }
        let old = serviceUnits[name]
        let new = services[name].map { service in
            let trust = ServiceReader.trustSecret(of: service, named: name).flatMap { secrets[$0] }
            return ServiceReader.unit(service, named: name, trust: trust)
        }
        guard old != new else { return }
        serviceUnits[name] = new
        let backends = index.backendsOfService[name] ?? []
        stale.backends.formUnion(backends)
        stale.endpoints.formUnion(backends)
        stale.reports.formUnion(dependents)
        guard old?.routing != new?.routing else { return }
        for dependent in dependents {
            guard let claims = claims[dependent] else { continue }
            stale.hosts.formUnion(claims.hosts.filter { $0.value.names(name) }.keys)
            if claims.globalDefault?.service == name { stale.defaultRoute = true }
        }
    }

    /// The oldest Ingress without rules gives every host its last route; only when it changes are all hosts touched.
    private mutating func settleDefaultRoute() {
        guard stale.defaultRoute else { return }
        stale.defaultRoute = false
        stale.reports.formUnion(index.globalDefaults)
        let winner = index.globalDefaults.compactMap { claims[$0] }.min { $0.seniority < $1.seniority }
        let new = winner.flatMap { winner in
            winner.globalDefault.map { claim in
                let resolution = BackendResolution(claim, services: serviceUnits)
                return DefaultRoute(
                    owner: winner.name,
                    route: Route(
                        match: RouteMatch(path: .prefix("/")), action: resolution.action, timeouts: claim.timeouts,
                        origin: claim.origin),
                    lineage: winner.lineage(of: claim, port: resolution.portName), backend: resolution.backend,
                    diagnostic: resolution.diagnostic)
            }
        }
        guard defaultRoute != new else { return }
        defaultRoute = new
        stale.hosts.formUnion(index.ingressesOfHost.keys)
        stale.hosts.insert(.any)
    }

    private mutating func settleHost(_ hostname: Hostname, into result: inout Compilation) {
        let old = hostUnits[hostname]
        let owners = (index.ingressesOfHost[hostname] ?? []).compactMap { claims[$0] }
            .sorted { $0.seniority < $1.seniority }
        let exists = !owners.isEmpty || (hostname == .any && defaultRoute != nil)
        var new =
            exists
            ? HostCompiler.compile(
                hostname, claims: owners, services: serviceUnits, defaultRoute: defaultRoute,
                httpsPort: settings.httpsPort) : nil
        if var unit = new {
            resolveLimits(of: &unit)
            new = unit
        }
        limitTable.follow(from: old?.limitedWays ?? [], to: new?.limitedWays ?? [])
        hostUnits[hostname] = new
        publish(new?.virtualHost, at: hostname, plan: \.virtualHosts, change: \.virtualHosts, into: &result)
        countBackends(from: old?.backends ?? [], to: new?.backends ?? [])
        for (owner, share) in new?.shares ?? [:] where old?.shares[owner] != share { stale.reports.insert(owner) }
        for owner in (old?.shares ?? [:]).keys where new?.shares[owner] == nil { stale.reports.insert(owner) }
    }

    private mutating func countBackends(from old: Set<BackendName>, to new: Set<BackendName>) {
        for name in new.subtracting(old) {
            let count = index.hostsOfBackend[name, default: 0]
            index.hostsOfBackend[name] = count + 1
            if count == 0 { appear(name) }
        }
        for name in old.subtracting(new) {
            let count = index.hostsOfBackend[name, default: 0] - 1
            index.hostsOfBackend[name] = count > 0 ? count : nil
            if count <= 0 { appear(name) }
        }
    }

    /// A backend comes or goes; settled once all hosts are, for another host may take it up again.
    private mutating func appear(_ name: BackendName) {
        stale.backends.insert(name)
        stale.endpoints.insert(name)
    }

    private mutating func settleBackend(_ name: BackendName, into result: inout Compilation) {
        let service = ObjectName(namespace: name.namespace, name: name.service)
        let isUsed = index.hostsOfBackend[name] != nil
        if isUsed {
            index.backendsOfService.link(name, to: service)
        } else {
            index.backendsOfService.unlink(name, from: service)
        }
        let backend = isUsed ? try? serviceUnits[service]?.port(.number(name.port))?.backend.get() : nil
        publish(backend, at: name, plan: \.backends, change: \.backends, into: &result)
    }

    private mutating func settleEndpoints(_ name: BackendName, into result: inout Compilation) {
        let service = ObjectName(namespace: name.namespace, name: name.service)
        var read: (set: EndpointSet, diagnostics: [Diagnostic])?
        if let backend = plan.backends[name], backend.discovery == .endpoints,
            let port = serviceUnits[service]?.port(.number(name.port))
        {
            read = EndpointReader.endpoints(in: slices[service] ?? [:], portName: port.name)
        }
        publish(read?.set, at: name, plan: \.endpoints, change: \.endpoints, into: &result)
        let diagnostics = read?.diagnostics ?? []
        if endpointDiagnostics[name] ?? [] != diagnostics {
            endpointDiagnostics[name] = diagnostics.isEmpty ? nil : diagnostics
            stale.reports.formUnion(index.ingressesOfService[service] ?? [])
        }
    }
}

extension HostClaim {
    func names(_ service: ObjectName) -> Bool {
        fallback?.service == service || paths.contains { $0.backend.service == service }
    }
}
