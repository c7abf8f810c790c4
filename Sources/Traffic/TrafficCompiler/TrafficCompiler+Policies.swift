import KubernetesModel
import TrafficPlan

/// Policies → what is attached to each target → limits of each way, and listeners.
extension TrafficCompiler {
    mutating func settlePolicies(into result: inout Compilation) {
        var touched: Set<PolicyTarget> = []
        for (name, policy) in stale.rateLimitPolicies {
            result.recompiled.policies += 1
            touched.formUnion(settle(policy, named: name))
        }
        stale.rateLimitPolicies = [:]
        for target in touched { settleAttachment(target) }
        for (name, policy) in stale.clientPolicies {
            result.recompiled.policies += 1
            settle(policy, named: name)
        }
        stale.clientPolicies = [:]
        settleListeners(into: &result)
    }

    /// Returns the targets that it is, or was, attached to, where something of it is different.
    private mutating func settle(_ policy: RateLimitPolicy?, named name: ObjectName) -> Set<PolicyTarget> {
        let old = rateLimitClaims[name]
        let new = policy.map {
            RateLimitReader.claims(of: $0, last: old, operatorNamespaces: settings.operatorNamespaces)
        }
        guard old != new else { return [] }
        rateLimitClaims[name] = new
        let policyName = PolicyName(kind: RateLimitPolicy.resource.kind, name: name)
        relink(policyName, from: old?.policy, to: new?.policy)
        return (old?.policy.attached ?? []).union(new?.policy.attached ?? [])
    }

    private mutating func settle(_ policy: ClientPolicy?, named name: ObjectName) {
        let old = clientClaims[name]
        let new = policy.map {
            ClientPolicyReader.claims(of: $0, last: old, operatorNamespaces: settings.operatorNamespaces)
        }
        guard old != new else { return }
        clientClaims[name] = new
        relink(PolicyName(kind: ClientPolicy.resource.kind, name: name), from: old?.policy, to: new?.policy)
        stale.listeners = true
    }

    private mutating func relink(_ name: PolicyName, from old: PolicyClaims?, to new: PolicyClaims?) {
        for target in old?.attached ?? [] {
            index.policiesOfTarget.unlink(name, from: target)
            index.policiesOfObject.unlink(name, from: target.object)
        }
        for target in new?.attached ?? [] {
            index.policiesOfTarget.link(name, to: target)
            index.policiesOfObject.link(name, to: target.object)
        }
        stale.policyReports.insert(name)
    }

    private mutating func settleAttachment(_ target: PolicyTarget) {
        let policies = index.policiesOfTarget[target] ?? []
        let claims = policies.filter { $0.kind == RateLimitPolicy.resource.kind }.compactMap {
            rateLimitClaims[$0.name]
        }
        .sorted { $0.policy.seniority < $1.policy.seniority }
        let attached = AttachedLimits(claims.map(\.limits))
        guard limitTable.attach(attached.limits.isEmpty ? nil : attached, to: target) else { return }
        stale.policyReports.formUnion(policies)
        stale.hosts.formUnion(hosts(below: target))
    }

    /// Every host with a route that `target` is on the way of.
    private func hosts(below target: PolicyTarget) -> Set<Hostname> {
        var owners: Set<ObjectName>
        switch target.kind {
        case .ingress: owners = [target.name]
        case .service: owners = index.ingressesOfService[target.name] ?? []
        case .ingressClass: owners = Set(claims.filter { $0.value.className == target.name.name }.keys)
        }
        var hosts: Set<Hostname> = []
        for owner in owners {
            guard let claims = claims[owner] else { continue }
            if target.kind == .service {
                hosts.formUnion(claims.hosts.filter { $0.value.names(target.name) }.keys)
            } else {
                hosts.formUnion(claims.hosts.keys)
            }
        }
        // The default route stands on every host.
        guard !index.globalDefaults.isDisjoint(with: owners) else { return hosts }
        return hosts.union(index.ingressesOfHost.keys).union([.any])
    }

    /// Fills in the limits of a host's routes and notes which ways it uses.
    mutating func resolveLimits(of unit: inout HostUnit) {
        for (place, lineage) in unit.lineages.enumerated() {
            guard let resolved = limitTable.resolve(lineage) else { continue }
            unit.virtualHost.routes[place].limits = resolved.id
            unit.limitedWays.insert(resolved.key)
        }
    }

    mutating func settleLimitSets(into result: inout Compilation) {
        for (id, set) in limitTable.takeChangedSets() {
            publish(set, at: id, plan: \.limitSets, change: \.limitSets, into: &result)
        }
        for loser in limitTable.takeChangedLosers() {
            stale.policyReports.insert(PolicyName(kind: RateLimitPolicy.resource.kind, name: loser))
        }
    }

    /// The oldest ClientPolicy speaks for every listener.
    private mutating func settleListeners(into result: inout Compilation) {
        guard stale.listeners else { return }
        stale.listeners = false
        let holder = clientClaims.values.filter { claims in
            claims.settings != nil && claims.policy.attached.contains { absence(of: $0) == nil }
        }.min { $0.policy.seniority < $1.policy.seniority }
        if clientHolder != holder?.policy.name {
            stale.policyReports.formUnion(
                clientClaims.keys.map { PolicyName(kind: ClientPolicy.resource.kind, name: $0) })
        }
        clientHolder = holder?.policy.name
        for var listener in settings.listeners {
            if let told = holder?.settings {
                listener.client.trustedHops = told.trustedHops
                listener.client.trustedProxies = told.trustedProxies
                listener.client.proxyProtocol = told.proxyProtocol
            }
            publish(listener, at: listener.name, plan: \.listeners, change: \.listeners, into: &result)
        }
    }

    /// Why nothing can be attached to `target` as the cluster is; `nil` when it is there and ours.
    func absence(of target: PolicyTarget) -> String? {
        switch target.kind {
        case .ingressClass:
            guard let found = ownership.classes[target.name.name] else { return "there is no \(target)" }
            let controller = found.spec?.controller ?? "none"
            return controller == settings.controllerName
                ? nil : "\(target) belongs to the controller \(controller.clipped)"
        case .ingress:
            guard claims[target.name] == nil else { return nil }
            return ingresses[target.name] == nil
                ? "there is no \(target)" : "\(target) is of a class that another controller serves"
        case .service:
            guard let service = services[target.name] else { return "there is no \(target.object)" }
            guard let section = target.section else { return nil }
            let names = (service.spec?.ports ?? []).compactMap(\.name)
            guard !names.contains(section) else { return nil }
            let known = names.isEmpty ? "none with a name" : names.prefix(5).joined(separator: ", ")
            return "\(target.object) has no port named \"\(section.clipped)\"; it has \(known)"
        }
    }
}
