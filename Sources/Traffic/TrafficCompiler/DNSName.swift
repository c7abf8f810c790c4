/// Names as RFC 1123 section 2.1 and the Kubernetes API allow them.
enum DNSName {
    /// Why `name` (lower case) is not the name of one host; `nil` when it is.
    static func fault(in name: String) -> String? {
        guard name.utf8.count <= 253 else { return "it is longer than 253 characters" }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            if let fault = faultInLabel(label) { return fault }
        }
        // A last label such as `1` or `0x7f` makes resolvers read the whole as an IPv4 address.
        if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || last.hasPrefix("0x") {
            return "it is an IP address; a DNS name is needed"
        }
        return nil
    }

    /// The same for one label.
    static func faultInLabel(_ label: some StringProtocol) -> String? {
        guard !label.isEmpty else { return "it has an empty label" }
        guard label.utf8.count <= 63 else { return "a label is longer than 63 characters" }
        guard label.utf8.allSatisfy(isNameByte) else {
            return "only letters a to z, digits, dashes and dots are allowed"
        }
        guard label.first != "-", label.last != "-" else { return "a label begins or ends with a dash" }
        return nil
    }

    /// The same for a name that may be a wildcard, such as `*.example`.
    static func fault(inRuleHost name: String) -> String? {
        fault(in: name.hasPrefix("*.") ? String(name.dropFirst(2)) : name)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
    }
}

extension String {
    /// For messages: at most 80 characters of a text that may be of any length.
    var clipped: String { utf8.count <= 80 ? self : String(prefix(77)) + "…" }
}
