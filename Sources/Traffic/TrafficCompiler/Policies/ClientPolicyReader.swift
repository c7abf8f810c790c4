import KubernetesModel
import NetTypes
import TrafficPlan

/// What one ClientPolicy says.
struct ClientClaims: Hashable, Sendable {
    /// What it sets of a listener's `ClientSettings`.
    struct Settings: Hashable, Sendable {
        var trustedHops: UInt32 = 0
        var trustedProxies: [IPPrefix] = []
        var proxyProtocol = ClientSettings.ProxyProtocol.off
    }

    var policy: PolicyClaims
    /// `nil` where it cannot be read and never could.
    var settings: Settings?
}

/// Reads a ClientPolicy, all or nothing: half of what it says of trust would be another trust.
enum ClientPolicyReader {
    static let maxHops: Int32 = 32
    static let maxCIDRs = 256

    /// - Parameter last: what the policy said before, which stays in force where it has broken since.
    static func claims(
        of policy: ClientPolicy, last: ClientClaims?, operatorNamespaces: Set<String>?
    ) -> ClientClaims {
        let name = policy.objectName
        let origin = Origin(kind: ClientPolicy.resource.kind, namespace: name.namespace, name: name.name)
        let targets = TargetReader(kinds: [.ingressClass], operatorNamespaces: operatorNamespaces)
        var claims = ClientClaims(
            policy: PolicyClaims(
                seniority: Seniority(policy.metadata), uid: policy.metadata.uid,
                generation: policy.metadata.generation,
                targets: targets.claims(of: policy.spec.targetRefs, in: name.namespace)))
        do throws(LimitFault) {
            claims.settings = try settings(policy.spec)
        } catch {
            let former = last?.policy.uid == policy.metadata.uid ? last?.settings : nil
            claims.settings = former
            let fate = former == nil ? "the policy does not hold" : "its last good form stays in force"
            claims.policy.faults.append(
                Diagnostic(.error, .invalidPolicy, at: origin.at(error.field), "\(error.message); \(fate)"))
        }
        return claims
    }

    private static func settings(_ spec: ClientPolicy.Spec) throws(LimitFault) -> ClientClaims.Settings {
        var settings = ClientClaims.Settings()
        if let client = spec.clientAddress {
            guard (client.trustedHops == nil) != (client.trustedCIDRs == nil) else {
                throw LimitFault("spec.clientAddress", "give exactly one of trustedHops and trustedCIDRs")
            }
            if let hops = client.trustedHops {
                guard (0...maxHops).contains(hops) else {
                    throw LimitFault("spec.clientAddress.trustedHops", "\(hops) is not within 0 to \(maxHops)")
                }
                settings.trustedHops = UInt32(hops)
            }
            let field = "spec.clientAddress.trustedCIDRs"
            for (index, text) in try LimitReader.bounded(client.trustedCIDRs, field, most: maxCIDRs).enumerated() {
                settings.trustedProxies.append(try KeyReader.cidr(text, "\(field)[\(index)]"))
            }
            guard client.trustedCIDRs?.isEmpty != true else { throw LimitFault(field, "it is empty") }
        }
        if let proxy = spec.proxyProtocol {
            settings.proxyProtocol =
                try LimitReader.word(
                    proxy.mode, "spec.proxyProtocol.mode",
                    ["Required": ClientSettings.ProxyProtocol.required, "Optional": .optional]) ?? .off
        }
        return settings
    }
}
