/// What clients will dislike about a certificate that is served nevertheless.
package enum CertificateWarning: Hashable, Sendable {
    case expired(at: Int64)
    case notYetValid(until: Int64)
    /// None of the certificate's names covers the host.
    case doesNotCover(host: String, names: [String])
    /// The server's own certificate was not the first one; it is served first all the same.
    case leafNotFirst
    /// The certificate after `position` (counted from 1) did not issue it.
    case brokenChain(position: Int)
}

extension CertificateWarning: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expired(let time): return "the certificate expired at \(UTCTime.text(time))"
        case .notYetValid(let time): return "the certificate is not valid before \(UTCTime.text(time))"
        case .doesNotCover(let host, let names):
            let listed = names.prefix(5).joined(separator: ", ")
            let has = names.isEmpty ? "it has no DNS names" : "its names are \(listed)\(names.count > 5 ? ", …" : "")"
            return "the certificate does not cover \(host): \(has)"
        case .leafNotFirst:
            return "the first certificate in tls.crt is not the server's own; the order should be server, issuer, …"
        case .brokenChain(let position):
            return "certificate \(position) in tls.crt was not issued by the one that follows it"
        }
    }
}

extension ServerCertificate {
    /// What is wrong with serving this certificate to clients of `host` at `now`; `nil` leaves names out.
    package func warnings(for host: String?, now: Int64) -> [CertificateWarning] {
        var warnings = chainWarnings
        if now > notAfter { warnings.append(.expired(at: notAfter)) }
        if now < notBefore { warnings.append(.notYetValid(until: notBefore)) }
        if let host, !covers(host) { warnings.append(.doesNotCover(host: host, names: dnsNames)) }
        return warnings
    }

    /// Whether a name of the certificate covers `host`, as RFC 6125 section 6.4 says: a wildcard stands for exactly
    /// one whole left-most label. A `host` that is itself a wildcard needs the same wildcard.
    package func covers(_ host: String) -> Bool {
        let host = host.lowercased()
        return dnsNames.contains { name in
            if name == host { return true }
            guard name.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
            return !host.hasPrefix("*") && host[dot...] == name.dropFirst()
        }
    }
}

enum UTCTime {
    /// `2026-01-02 03:04:05 UTC`, by the days-from-civil arithmetic of Howard Hinnant.
    static func text(_ seconds: Int64) -> String {
        let days = Int64((Double(seconds) / 86_400).rounded(.down))
        let rest = seconds - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month + (month < 10 ? 3 : -9)
        let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(year)-\(two(civilMonth))-\(two(day)) \(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) UTC"
    }
}
