package import NetTypes

/// A value that a request is known by.
package struct KeyPart: Hashable, Sendable, Codable {
    package enum Source: Hashable, Sendable, Codable {
        /// As the edge decided it, cut to its leading bits.
        case clientAddress(ipv4Bits: Int, ipv6Bits: Int)
        /// Lower case. Of several, the first counts.
        case header(String)
        case cookie(String)
        case queryParameter(String)
        case method
        /// As matched: lower case, without port.
        case host
        /// Normalised, without the query.
        case path
        /// From 0; `/a/b` has `a` and `b`.
        case pathSegment(Int)
        case jwtClaim(JWTClaim)
    }

    package var source: Source
    /// A request without this value is left alone; otherwise it is counted under a value of its own, so that leaving
    /// something out never escapes a limit.
    package var exemptsMissing: Bool

    package init(_ source: Source, exemptsMissing: Bool = false) {
        self.source = source
        self.exemptsMissing = exemptsMissing
    }
}

package struct JWTClaim: Hashable, Sendable, Codable {
    package enum Trust: Hashable, Sendable, Codable {
        /// Anyone can write any claim.
        case unverified
        /// RFC 7517 key set as JSON; a token that does not verify has no claims.
        case verified(keySet: String, issuer: String?, audiences: [String])
    }

    /// Names of nested objects, outermost first.
    package var path: [String]
    /// Lower case.
    package var header: String
    package var trust: Trust

    package init(path: [String], header: String = "authorization", trust: Trust) {
        self.path = path
        self.header = header
        self.trust = trust
    }
}

/// Holds when the part's value is one of `values`; for a client address, when the whole address, however many bits of it
/// the key takes, is within one of `prefixes`. What is missing matches nothing.
package struct KeyMatch: Hashable, Sendable, Codable {
    package var part: KeyPart.Source
    package var values: [String]
    package var prefixes: [IPPrefix]

    package init(_ part: KeyPart.Source, values: [String] = [], prefixes: [IPPrefix] = []) {
        self.part = part
        self.values = values
        self.prefixes = prefixes
    }
}
