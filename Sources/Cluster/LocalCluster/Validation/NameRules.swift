import KubernetesModel

/// Names as Kubernetes allows them. Each rule returns what is wrong, in apimachinery's words; nothing if all is well.
enum NameRules {
    private static let labelExpression = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    private static let subdomainExpression = labelExpression + #"(\."# + labelExpression + ")*"
    private static let qualifiedExpression = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

    static func dns1123Label(_ text: String) -> [String] {
        var messages = tooLong(text, 63)
        if !isLabel(text.utf8) {
            messages.append(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
                    + "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation "
                    + "is '\(labelExpression)')")
        }
        return messages
    }

    static func dns1123Subdomain(_ text: String) -> [String] {
        var messages = tooLong(text, 253)
        if !isSubdomain(text) {
            messages.append(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
                    + "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
                    + "is '\(subdomainExpression)')")
        }
        return messages
    }

    static func dns1035Label(_ text: String) -> [String] {
        var messages = tooLong(text, 63)
        if !isLabel(text.utf8) || !(text.utf8.first.map { (0x61...0x7a).contains($0) } ?? false) {
            messages.append(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
                    + "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
                    + "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')")
        }
        return messages
    }

    static func wildcardSubdomain(_ text: String) -> [String] {
        var messages = tooLong(text, 253)
        if !text.hasPrefix("*.") || !isSubdomain(String(text.dropFirst(2))) {
            messages.append(
                "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must "
                    + "consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character "
                    + "(e.g. '*.example.com', regex used for validation is '\\*\\.\(subdomainExpression)')")
        }
        return messages
    }

    /// Keys of labels and annotations: `example.com/name`.
    static func qualifiedName(_ text: String) -> [String] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let form =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
            + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            + "'\(qualifiedExpression)')"
        guard parts.count <= 2 else {
            return [
                "a qualified name \(form) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        var messages: [String] = []
        if parts.count == 2 {
            if parts[0].isEmpty {
                messages.append("prefix part must be non-empty")
            } else {
                messages += dns1123Subdomain(parts[0]).map { "prefix part \($0)" }
            }
        }
        let name = parts.last ?? ""
        if name.isEmpty { messages.append("name part must be non-empty") }
        messages += tooLong(name, 63).map { "name part \($0)" }
        if !isQualified(name.utf8) { messages.append("name part \(form)") }
        return messages
    }

    static func labelValue(_ text: String) -> [String] {
        var messages = tooLong(text, 63)
        if !text.isEmpty, !isQualified(text.utf8) {
            messages.append(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
                    + "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
                    + "regex used for validation is '(\(qualifiedExpression))?')")
        }
        return messages
    }

    /// `IANA_SVC_NAME` of RFC 6335: names of ports.
    static func portName(_ text: String) -> [String] {
        var messages: [String] = []
        let bytes = Array(text.utf8)
        if bytes.count > 15 { messages.append("must be no more than 15 characters") }
        if !bytes.allSatisfy({ isLowerAlphanumeric($0) || $0 == 0x2d }) {
            messages.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !bytes.contains(where: { (0x61...0x7a).contains($0) }) {
            messages.append("must contain at least one letter (a-z)")
        }
        if text.contains("--") { messages.append("must not contain consecutive hyphens") }
        if bytes.first == 0x2d || bytes.last == 0x2d { messages.append("must not begin or end with a hyphen") }
        return messages
    }

    static func port(_ number: Int64) -> [String] {
        (1...65_535).contains(number) ? [] : ["must be between 1 and 65535, inclusive"]
    }

    /// Keys of Secrets and ConfigMaps.
    static func configKey(_ text: String) -> [String] {
        var messages = tooLong(text, 253)
        let isAllowed = text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x5f || $0 == 0x2e }
        if text.isEmpty || !isAllowed {
            messages.append(
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                    + "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")
        }
        if text == "." || text == ".." {
            messages.append("must not be '\(text)'")
        } else if text.hasPrefix("..") {
            messages.append("must not start with '..'")
        }
        return messages
    }

    private static func tooLong(_ text: String, _ limit: Int) -> [String] {
        text.utf8.count > limit ? ["must be no more than \(limit) bytes"] : []
    }

    private static func isSubdomain(_ text: String) -> Bool {
        text.utf8.split(separator: 0x2e, omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }

    private static func isLabel(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == 0x2d }
    }

    private static func isQualified(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x5f || $0 == 0x2e }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (0x41...0x5a).contains(byte)
    }
}
