/// A URL as Go's `url.ParseRequestURI` takes it: absolute, or an absolute path.
package struct URLValue: Hashable, Sendable {
    var scheme = ""
    /// With the port.
    var host = ""
    /// Still with its escapes.
    var path = ""
    var query: [String: [String]] = [:]
    private var text: String

    package init?(_ text: String) {
        self.text = text
        guard !text.isEmpty, text.utf8.count <= 65_536, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            return nil
        }
        var rest = Substring(text)
        if let colon = rest.firstIndex(of: ":"), let scheme = Self.scheme(rest[..<colon]) {
            self.scheme = scheme
            rest = rest[rest.index(after: colon)...]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = Self.query(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        guard rest.hasPrefix("/") || (!scheme.isEmpty && !rest.isEmpty) else { return nil }
        if !scheme.isEmpty, rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            guard let host = Self.host(rest[..<end]) else { return nil }
            self.host = host
            rest = rest[end...]
        }
        guard Self.unescaped(rest, plusIsSpace: false) != nil else { return nil }
        path = rest.hasPrefix("/") || rest.isEmpty ? Self.escaped(String(rest)) : ""
    }

    private static func scheme(_ text: Substring) -> String? {
        guard let first = text.first, first.isASCII, first.isLetter,
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) })
        else { return nil }
        return text.lowercased()
    }

    private static func host(_ authority: Substring) -> String? {
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let port = host[host.index(after: end)...]
            guard port.isEmpty || isPort(port) else { return nil }
        } else if let colon = host.firstIndex(of: ":") {
            guard isPort(host[colon...]) else { return nil }
        }
        let bad: Set<Character> = ["\"", "<", ">", "\\", "^", "`", "{", "|", "}", "%"]
        guard !host.contains(where: { bad.contains($0) }) else { return nil }
        return String(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.hasPrefix(":") && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// Without the port and the brackets.
    var hostname: String {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            return String(host[host.index(after: host.startIndex)..<end])
        }
        return String(host.prefix { $0 != ":" })
    }

    var port: String {
        let behind = host.lastIndex(of: "]").map { host[$0...] } ?? host[...]
        return behind.firstIndex(of: ":").map { String(behind[behind.index(after: $0)...]) } ?? ""
    }

    private static func query(_ text: Substring) -> [String: [String]] {
        var query: [String: [String]] = [:]
        for part in text.split(separator: "&") {
            let mark = part.firstIndex(of: "=") ?? part.endIndex
            guard let name = unescaped(part[..<mark], plusIsSpace: true),
                let value = unescaped(part[mark...].dropFirst(), plusIsSpace: true)
            else { continue }
            query[name, default: []].append(value)
        }
        return query
    }

    private static func unescaped(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What may not stand in a path is escaped.
    private static func escaped(_ path: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/%[]".utf8)
        guard !path.utf8.allSatisfy({ plain.contains($0) }) else { return path }
        let digits = Array("0123456789ABCDEF")
        return path.utf8.reduce(into: "") { text, byte in
            if plain.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}

extension URLValue: CustomStringConvertible {
    package var description: String { text }
}
