/// Which secret answers for the server name of a handshake.
///
/// The same precedence as virtual hosts: the name itself, then the wildcard of one label above, then the default.
enum SecretCover {
    static let defaultName = "*"
    /// RFC 1035 section 2.3.4, in text form.
    static let longestName = 253

    /// Candidates, best first. A name with a `/` is no server name and is answered by itself alone, so that a missing
    /// CA is never answered by a server certificate.
    static func candidates(for requested: String) -> [String] {
        guard !requested.contains("/") else { return [requested] }
        let name = requested.lowercased()
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return [name, defaultName] }
        return [name, "*" + name[dot...], defaultName]
    }

    static func isServable(_ requested: String) -> Bool {
        !requested.isEmpty && requested.utf8.count <= longestName
    }

    /// Field 1 of `Secret`, which stands before the rest of the message.
    static func nameField(_ name: String) -> [UInt8] {
        var field: [UInt8] = [0x0a]
        var length = name.utf8.count
        while length >= 0x80 {
            field.append(UInt8(length & 0x7f) | 0x80)
            length >>= 7
        }
        field.append(UInt8(length))
        field.append(contentsOf: name.utf8)
        return field
    }
}
