import KubernetesModel
import TLSMaterial
import TrafficPlan

/// A TLS Secret that an Ingress names, with what can be served of it.
struct CertificateSource: Sendable {
    /// What is served: the Secret's certificate, or the last good one that it held.
    var certificate: ServerCertificate?
    /// What is wrong with the Secret as it is.
    var fault: (reason: Diagnostic.Reason, message: String)?

    /// - Parameters:
    ///   - secret: as it is now.
    ///   - last: what was served of it until now.
    init(_ secret: SecretUnit?, last: ServerCertificate?) {
        let outcome = secret.map { $0.serverCertificate() }
        if case .success(let good) = outcome {
            certificate = good
            return
        }
        certificate = last
        let consequence =
            last == nil ? "the default certificate is served" : "the last good certificate goes on being served"
        if case .failure(let problem) = outcome {
            fault = (.invalidCertificate, "\(problem); \(consequence)")
        } else {
            fault = (.secretNotFound, "there is no such Secret; \(consequence)")
        }
    }
}

/// The certificates that one Ingress brings, by the hosts they are for.
struct CertificateUses: Hashable, Sendable {
    var secrets: [Hostname: Use] = [:]
    var diagnostics: [Diagnostic] = []
    /// Seconds since 1970 at which what is said here will change by itself.
    var deadline: Int64?

    struct Use: Hashable, Sendable {
        var secret: ObjectName
        var origin: Origin
    }

    init(of claims: IngressClaims, sources: [ObjectName: CertificateSource], now: Int64) {
        for claim in claims.certificates {
            let source = sources[claim.secret]
            if let fault = source?.fault {
                diagnostics.append(
                    Diagnostic(.warning, fault.reason, at: claim.origin, "Secret \(claim.secret): \(fault.message)"))
            }
            let hosts = claim.listsHosts ? claim.hosts : Self.hosts(of: source?.certificate)
            for host in hosts {
                guard let earlier = secrets[host] else {
                    secrets[host] = Use(secret: claim.secret, origin: claim.origin)
                    continue
                }
                guard earlier.secret != claim.secret else { continue }
                diagnostics.append(
                    Diagnostic(
                        .warning, .certificateConflict, at: claim.origin,
                        "host \(host) already has Secret \(earlier.secret.name) by \(earlier.origin.field)"))
            }
            if let certificate = source?.certificate {
                tell(certificate, for: claim, now: now)
                deadline = [deadline, certificate.nextChange(after: now)].compactMap(\.self).min()
            }
        }
    }

    private mutating func tell(_ certificate: ServerCertificate, for claim: CertificateClaim, now: Int64) {
        var warnings = certificate.warnings(for: nil, now: now)
        // What an entry does not list, its certificate cannot fail to cover.
        warnings += claim.hosts.filter { secrets[$0]?.secret == claim.secret && !certificate.covers($0.description) }
            .map { .doesNotCover(host: $0.description, names: certificate.dnsNames) }
        for warning in warnings {
            let reason: Diagnostic.Reason =
                switch warning {
                case .expired: .certificateExpired
                case .notYetValid: .certificateNotYetValid
                case .doesNotCover: .certificateNameMismatch
                case .leafNotFirst, .brokenChain: .certificateChain
                }
            diagnostics.append(
                Diagnostic(
                    .warning, reason, at: claim.origin, "Secret \(claim.secret): \(warning); it is served all the same")
            )
        }
    }

    private static func hosts(of certificate: ServerCertificate?) -> [Hostname] {
        (certificate?.dnsNames ?? []).filter { DNSName.fault(inRuleHost: $0) == nil }.map(Hostname.init)
    }
}

extension ServerCertificate {
    /// When `warnings` will next say something else.
    func nextChange(after now: Int64) -> Int64? {
        [notBefore, notAfter + 1].first { $0 > now }
    }
}

/// The certificate of one host, with the word for those that came too late.
struct CertificateUnit: Sendable {
    var certificate: Certificate?
    var diagnostics: [ObjectName: [Diagnostic]] = [:]

    /// - Parameter uses: of the Ingresses that bring one for the host, the oldest first.
    init(
        _ hostname: Hostname, uses: [(owner: ObjectName, use: CertificateUses.Use)],
        sources: [ObjectName: CertificateSource]
    ) {
        guard let winner = uses.first else { return }
        for (owner, use) in uses.dropFirst() where use.secret != winner.use.secret {
            diagnostics[owner, default: []].append(
                Diagnostic(
                    .warning, .certificateConflict, at: use.origin,
                    "host \(hostname) already has the certificate of the older Ingress \(winner.owner)"))
        }
        guard let served = sources[winner.use.secret]?.certificate else { return }
        certificate = Certificate(
            chain: served.chain, key: PrivateKey(pem: served.key.text),
            origin: Origin(kind: "Secret", namespace: winner.use.secret.namespace, name: winner.use.secret.name))
    }
}
