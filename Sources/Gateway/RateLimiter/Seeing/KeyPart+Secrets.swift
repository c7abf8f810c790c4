package import TrafficPlan

extension KeyPart.Source {
    /// Whether the part's values may be passwords of a kind: they are counted, and never shown.
    package var isSecret: Bool {
        switch self {
        case .cookie: true
        case .header(let name), .queryParameter(let name): Self.mayBeSecret(name)
        case .clientAddress, .method, .host, .path, .pathSegment, .jwtClaim: false
        }
    }

    private static func mayBeSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["auth", "cookie", "credential", "key", "pass", "secret", "session", "sig", "token"].contains {
            name.contains($0)
        }
    }

    /// As in `header:x-tenant=acme`. Of a secret, a few digits of the key's hash, which tell two of them apart.
    func shown(_ value: String?, key: CounterKey) -> String {
        guard let value else { return "\(counterName) missing" }
        if isSecret { return "\(counterName)=(secret \(key.description.prefix(8)))" }
        return "\(counterName)=\(Self.printable(value))"
    }

    /// Control characters would rearrange an operator's terminal.
    private static func printable(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars {
            out.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return out
    }
}
