import KubernetesModel
import NetTypes
import TrafficPlan

/// Reads what requests are known by: parts of a key, and matches on them.
enum KeyReader {
    /// Bytes of a name or a value.
    static let maxText = 1024
    static let maxValues = 1024
    static let maxKeySetBytes = 64 * 1024

    static func part(_ part: RateLimitPolicy.KeyPart, _ field: String) throws(LimitFault) -> KeyPart {
        let exempts = try LimitReader.word(part.missing, "\(field).missing", ["Count": false, "Exempt": true])
        return KeyPart(try source(part, field), exemptsMissing: exempts ?? false)
    }

    static func matches(_ matches: [RateLimitPolicy.KeyMatch], _ field: String) throws(LimitFault) -> [KeyMatch] {
        guard !matches.isEmpty else { throw LimitFault(field, "it is empty; name what must hold") }
        var read: [KeyMatch] = []
        for (index, match) in try LimitReader.bounded(matches, field).enumerated() {
            read.append(try self.match(match, "\(field)[\(index)]"))
        }
        return read
    }

    private static func match(_ match: RateLimitPolicy.KeyMatch, _ field: String) throws(LimitFault) -> KeyMatch {
        guard match.part.missing == nil else {
            throw LimitFault("\(field).part.missing", "what is missing matches nothing; leave it out")
        }
        var read = KeyMatch(try source(match.part, "\(field).part"))
        let values = try LimitReader.bounded(match.values, "\(field).values", most: maxValues)
        let cidrs = try LimitReader.bounded(match.cidrs, "\(field).cidrs", most: maxValues)
        guard !values.isEmpty || !cidrs.isEmpty else { throw LimitFault(field, "give values or cidrs") }
        guard case .clientAddress = read.part else {
            guard cidrs.isEmpty else { throw LimitFault("\(field).cidrs", "only a ClientAddress is within a CIDR") }
            for (index, value) in values.enumerated() where value.utf8.count > maxText {
                throw LimitFault("\(field).values[\(index)]", "it is longer than \(maxText) bytes")
            }
            read.values = values
            return read
        }
        for (index, text) in values.enumerated() {
            guard let address = IPAddress(String(text.prefix(64))) else {
                throw LimitFault("\(field).values[\(index)]", "\"\(text.clipped)\" is no IP address")
            }
            read.prefixes.append(IPPrefix(address.unmapped))
        }
        for (index, text) in cidrs.enumerated() { read.prefixes.append(try cidr(text, "\(field).cidrs[\(index)]")) }
        return read
    }

    static func cidr(_ text: String, _ field: String) throws(LimitFault) -> IPPrefix {
        guard let prefix = IPPrefix(String(text.prefix(64))) else {
            throw LimitFault(
                field,
                "\"\(text.clipped)\" is no CIDR such as 10.0.0.0/8 or 2001:db8::/32, without bits after the prefix")
        }
        return prefix
    }

    private static func source(
        _ part: RateLimitPolicy.KeyPart, _ field: String
    ) throws(LimitFault) -> KeyPart.Source {
        let kinds: [String: Set<Setting>] = [
            "ClientAddress": [.prefixLengths], "Header": [.name], "Cookie": [.name], "QueryParam": [.name],
            "Method": [], "Host": [], "Path": [], "PathSegment": [.index], "JWTClaim": [.name, .jwt],
        ]
        guard let allowed = kinds[part.type] else {
            throw LimitFault(
                "\(field).type", "\"\(part.type.clipped)\" is none of \(kinds.keys.sorted().joined(separator: ", "))")
        }
        if let stray = part.settings.subtracting(allowed).min(by: { $0.rawValue < $1.rawValue }) {
            throw LimitFault("\(field).\(stray.rawValue)", "a \(part.type) has no such setting; leave it out")
        }
        switch part.type {
        case "ClientAddress":
            return .clientAddress(
                ipv4Bits: try length(part.ipv4PrefixLength, "\(field).ipv4PrefixLength", 32, otherwise: 32),
                ipv6Bits: try length(part.ipv6PrefixLength, "\(field).ipv6PrefixLength", 128, otherwise: 64))
        case "Header": return .header(try headerName(part.name ?? "", "\(field).name"))
        case "Cookie":
            guard let name = part.name, isToken(name) else { throw LimitFault("\(field).name", "no cookie is named") }
            return .cookie(name)
        case "QueryParam":
            try checkText(part.name ?? "", "\(field).name")
            return .queryParameter(part.name ?? "")
        case "Method": return .method
        case "Host": return .host
        case "Path": return .path
        case "PathSegment":
            guard let index = part.index, (0...31).contains(index) else {
                throw LimitFault("\(field).index", "give the segment's place, 0 to 31")
            }
            return .pathSegment(Int(index))
        default: return .jwtClaim(try claim(part, field))
        }
    }

    private static func length(
        _ length: Int32?, _ field: String, _ most: Int32, otherwise: Int
    ) throws(LimitFault) -> Int {
        guard let length else { return otherwise }
        guard (1...most).contains(length) else { throw LimitFault(field, "\(length) is not within 1 to \(most)") }
        return Int(length)
    }

    private static func claim(_ part: RateLimitPolicy.KeyPart, _ field: String) throws(LimitFault) -> JWTClaim {
        let name = part.name ?? ""
        try checkText(name, "\(field).name")
        let path = claimPath(name)
        guard path.count <= 8, !path.contains("") else {
            throw LimitFault("\(field).name", "\"\(name.clipped)\" is no claim such as sub or realm_access.tenant")
        }
        let jwt = part.jwt
        let unverified = jwt?.unverified == true
        guard let jwt, unverified != (jwt.jwks != nil) else {
            throw LimitFault("\(field).jwt", "say exactly one of unverified: true and jwks")
        }
        var claim = JWTClaim(path: path, trust: .unverified)
        if let header = jwt.header { claim.header = try headerName(header, "\(field).jwt.header") }
        guard let keys = jwt.jwks else {
            guard jwt.issuer == nil, jwt.audiences == nil else {
                throw LimitFault("\(field).jwt", "issuer and audiences are only looked at in tokens verified by jwks")
            }
            return claim
        }
        try checkKeySet(keys, "\(field).jwt.jwks")
        let audiences = try LimitReader.bounded(jwt.audiences, "\(field).jwt.audiences")
        claim.trust = .verified(keySet: keys, issuer: jwt.issuer, audiences: audiences)
        return claim
    }

    /// `a.b` is b within a; `\.` is a dot within a name, as in `https://example\.com/tenant`.
    static func claimPath(_ name: String) -> [String] {
        var path = [""]
        var isEscaped = false
        for character in name {
            if character == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            if character == ".", !isEscaped {
                path.append("")
            } else {
                path[path.count - 1].append(character)
            }
            isEscaped = false
        }
        return path
    }

    private static func checkKeySet(_ text: String, _ field: String) throws(LimitFault) {
        guard text.utf8.count <= maxKeySetBytes else {
            throw LimitFault(field, "it is longer than \(maxKeySetBytes) bytes")
        }
        guard let value = try? JSONValue(parsing: Array(text.utf8)), case .array(let keys)? = value["keys"],
            !keys.isEmpty
        else { throw LimitFault(field, "it is no JSON object with a list of keys (RFC 7517)") }
    }

    /// A header's name (RFC 9110, section 5.1), in lower case.
    static func headerName(_ name: String, _ field: String) throws(LimitFault) -> String {
        guard isToken(name) else {
            throw LimitFault(field, name.isEmpty ? "no header is named" : "\"\(name.clipped)\" is no header's name")
        }
        return name.lowercased()
    }

    static func checkText(_ text: String, _ field: String) throws(LimitFault) {
        guard !text.isEmpty, text.utf8.count <= maxText else {
            throw LimitFault(field, "it is empty or longer than \(maxText) bytes")
        }
    }

    /// RFC 9110, section 5.6.2.
    static func isToken(_ text: String) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        return (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) && byte & 0x80 == 0
                    || marks.contains(byte)
            }
    }

    fileprivate enum Setting: String {
        case index, jwt, name
        case prefixLengths = "ipv4PrefixLength"
    }
}

extension RateLimitPolicy.KeyPart {
    /// Those that are given.
    fileprivate var settings: Set<KeyReader.Setting> {
        var settings: Set<KeyReader.Setting> = []
        if name != nil { settings.insert(.name) }
        if index != nil { settings.insert(.index) }
        if jwt != nil { settings.insert(.jwt) }
        if ipv4PrefixLength != nil || ipv6PrefixLength != nil { settings.insert(.prefixLengths) }
        return settings
    }
}
