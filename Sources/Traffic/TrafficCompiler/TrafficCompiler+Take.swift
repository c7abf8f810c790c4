import KubernetesModel
import TrafficPlan

/// Taking objects in: notes what they make stale, and computes nothing yet.
extension TrafficCompiler {
    mutating func take(_ change: SourceChange) {
        switch change {
        case .ingress(let name, let ingress): take(ingress, named: name)
        case .ingressClass(let name, let ingressClass): take(ingressClass, named: name)
        case .service(let name, let service): take(service, named: name)
        case .endpointSlice(let name, let slice): take(slice, named: name)
        case .secret(let name, let secret): take(secret, named: name)
        case .rateLimitPolicy(let name, let policy): stale.rateLimitPolicies.updateValue(policy, forKey: name)
        case .clientPolicy(let name, let policy): stale.clientPolicies.updateValue(policy, forKey: name)
        }
    }

    private mutating func take(_ ingress: Ingress?, named name: ObjectName) {
        // Status, which we write ourselves, touches nothing.
        if let old = ingresses[name], let ingress, old.spec == ingress.spec, old.isSame(as: ingress) { return }
        if let old = ingresses[name] {
            index.ingressesOfReference.unlink(name, from: IngressOwnership.reference(of: old))
        }
        if let ingress { index.ingressesOfReference.link(name, to: IngressOwnership.reference(of: ingress)) }
        ingresses[name] = ingress
        stale.policyReports.formUnion(index.policiesOfObject[PolicyTarget(kind: .ingress, name: name)] ?? [])
        stale.ingresses.insert(name)
    }

    private mutating func take(_ ingressClass: IngressClass?, named name: ObjectName) {
        let oldDefault = ownership.defaultClass
        ownership.set(ingressClass, for: name.name)
        var references: [IngressOwnership.Reference] = [.className(name.name), .legacy(name.name)]
        if oldDefault != ownership.defaultClass || ownership.defaultClass == name.name { references.append(.none) }
        stale.policyReports.formUnion(index.policiesOfObject[PolicyTarget(kind: .ingressClass, name: name)] ?? [])
        stale.listeners = true
        for reference in references { stale.ingresses.formUnion(index.ingressesOfReference[reference] ?? []) }
    }

    private mutating func take(_ service: Service?, named name: ObjectName) {
        if let old = services[name], let secret = ServiceReader.trustSecret(of: old, named: name) {
            index.servicesOfSecret.unlink(name, from: secret)
        }
        if let service, let secret = ServiceReader.trustSecret(of: service, named: name) {
            index.servicesOfSecret.link(name, to: secret)
        }
        services[name] = service
        stale.policyReports.formUnion(index.policiesOfObject[PolicyTarget(kind: .service, name: name)] ?? [])
        if index.ingressesOfService[name] != nil { stale.services.insert(name) }
    }

    private mutating func take(_ slice: EndpointSlice?, named name: ObjectName) {
        let service = slice?.metadata.labels?[EndpointSlice.serviceLabel].map {
            ObjectName(namespace: name.namespace, name: $0)
        }
        if let old = serviceOfSlice[name] {
            if old != service {
                slices[old]?[name] = nil
                if slices[old]?.isEmpty == true { slices[old] = nil }
            }
            stale.endpoints.formUnion(index.backendsOfService[old] ?? [])
        }
        serviceOfSlice[name] = service
        if let service {
            slices[service, default: [:]][name] = slice
            stale.endpoints.formUnion(index.backendsOfService[service] ?? [])
        }
    }

    private mutating func take(_ secret: Secret?, named name: ObjectName) {
        secrets[name] = secret.map { SecretUnit($0) }
        if index.ingressesOfSecret[name] != nil { stale.secrets.insert(name) }
        stale.services.formUnion((index.servicesOfSecret[name] ?? []).filter { index.ingressesOfService[$0] != nil })
    }
}

extension Ingress {
    /// Whether all that the compiler reads of the metadata is the same.
    fileprivate func isSame(as other: Ingress) -> Bool {
        metadata.annotations == other.metadata.annotations && metadata.uid == other.metadata.uid
            && metadata.generation == other.metadata.generation
            && metadata.creationTimestamp == other.metadata.creationTimestamp
    }
}
