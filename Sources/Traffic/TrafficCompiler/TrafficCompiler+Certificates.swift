import KubernetesModel
import TLSMaterial
import TrafficPlan

extension TrafficCompiler {
    /// Secrets → what each Ingress brings → the certificate of each host.
    mutating func settleCertificates(now: Int64, into result: inout Compilation) {
        if let nextDeadline, nextDeadline <= now {
            stale.certificateUses.formUnion(
                certificateUses.filter { $0.value.deadline.map { $0 <= now } ?? false }.keys)
            self.nextDeadline = certificateUses.values.compactMap(\.deadline).filter { $0 > now }.min()
        }
        for name in stale.secrets {
            guard let dependents = index.ingressesOfSecret[name] else { continue }
            sources[name] = CertificateSource(secrets[name], last: sources[name]?.certificate)
            stale.certificateUses.formUnion(dependents)
        }
        for name in stale.certificateUses { settleCertificateUses(of: name, now: now) }
        stale.certificateUses = []
        stale.secrets = []
        for name in stale.releasedSecrets where index.ingressesOfSecret[name] == nil { sources[name] = nil }
        stale.releasedSecrets = []
        for hostname in stale.certificates {
            result.recompiled.certificates += 1
            settleCertificate(hostname, into: &result)
        }
        stale.certificates = []
    }

    private mutating func settleCertificateUses(of name: ObjectName, now: Int64) {
        let old = certificateUses[name]
        let claims = claims[name]
        for claim in claims?.certificates ?? [] where sources[claim.secret] == nil {
            sources[claim.secret] = CertificateSource(secrets[claim.secret], last: nil)
        }
        let new = claims.flatMap { claims in
            claims.certificates.isEmpty ? nil : CertificateUses(of: claims, sources: sources, now: now)
        }
        certificateUses[name] = new
        if let deadline = new?.deadline { nextDeadline = min(nextDeadline ?? deadline, deadline) }
        for hostname in (old?.secrets ?? [:]).keys { index.ingressesOfCertificate.unlink(name, from: hostname) }
        for hostname in (new?.secrets ?? [:]).keys { index.ingressesOfCertificate.link(name, to: hostname) }
        // Even where the uses are the same, the Secret behind them may have changed, or the Ingress's age.
        stale.certificates.formUnion((old?.secrets ?? [:]).keys)
        stale.certificates.formUnion((new?.secrets ?? [:]).keys)
        if old?.diagnostics ?? [] != new?.diagnostics ?? [] { stale.reports.insert(name) }
    }

    private mutating func settleCertificate(_ hostname: Hostname, into result: inout Compilation) {
        let owners = (index.ingressesOfCertificate[hostname] ?? []).compactMap { claims[$0] }
            .sorted { $0.seniority < $1.seniority }
        let uses = owners.compactMap { owner in
            certificateUses[owner.name]?.secrets[hostname].map { (owner: owner.name, use: $0) }
        }
        let old = certificateUnits[hostname]
        let new = uses.isEmpty ? nil : CertificateUnit(hostname, uses: uses, sources: sources)
        certificateUnits[hostname] = new
        publish(new?.certificate, at: hostname, plan: \.certificates, change: \.certificates, into: &result)
        for owner in Set((old?.diagnostics ?? [:]).keys).union((new?.diagnostics ?? [:]).keys)
        where old?.diagnostics[owner] != new?.diagnostics[owner] {
            stale.reports.insert(owner)
        }
    }
}
