/// A request's path and query, decoded.
struct RequestTarget: Sendable {
    /// An object or a collection of them.
    struct Resource: Hashable, Sendable {
        var group: String
        var version: String
        /// `nil` in requests about every namespace, and for kinds without one.
        var namespace: String?
        var plural: String
        var name: String?
        var subresource: String?
    }

    /// Between the slashes, decoded.
    let path: [String]
    private let query: [String: String]

    init?(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for component in (parts.first ?? "").split(separator: "/") {
            guard let decoded = Self.decoded(component, plusIsSpace: false) else { return nil }
            path.append(decoded)
        }
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.decoded(sides[0], plusIsSpace: true),
                let value = Self.decoded(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            query[key] = value
        }
        self.path = path
        self.query = query
    }

    /// A parameter of the query; an empty one counts as absent.
    subscript(parameter: String) -> String? {
        guard let value = query[parameter], !value.isEmpty else { return nil }
        return value
    }

    func flag(_ parameter: String) throws(APIFailure) -> Bool {
        switch self[parameter] {
        case nil, "false", "0": return false
        case "true", "1": return true
        case let text?: throw .badRequest("\(parameter)=\(text) is neither true nor false")
        }
    }

    func integer(_ parameter: String) throws(APIFailure) -> Int64? {
        guard let text = self[parameter] else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw .badRequest("\(parameter)=\(text) is not a number from 0")
        }
        return number
    }

    /// The resource under `/api/v1` or `/apis/GROUP/VERSION`; `nil` for every other path.
    var resource: Resource? {
        let group: String
        let version: String
        let rest: ArraySlice<String>
        switch path.first {
        case "api" where path.count >= 3: (group, version, rest) = ("", path[1], path[2...])
        case "apis" where path.count >= 4: (group, version, rest) = (path[1], path[2], path[3...])
        default: return nil
        }
        let words = Array(rest)
        let isInside =
            words[0] == "namespaces" && words.count >= 3 && !["status", "finalize"].contains(words[2])
        let tail = isInside ? Array(words[2...]) : words
        guard tail.count <= 3 else { return nil }
        return Resource(
            group: group, version: version, namespace: isInside ? words[1] : nil, plural: tail[0],
            name: tail.count > 1 ? tail[1] : nil, subresource: tail.count > 2 ? tail[2] : nil)
    }

    private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
