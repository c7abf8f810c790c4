/// Reading the parts of a request that limits know it by. Nothing here fails: what cannot be read is not there.
package enum RequestValues {
    /// The first cookie of this name in a `Cookie` header (RFC 6265, section 4.2.1), without the quotes around it.
    package static func cookie(_ name: String, in header: String) -> String? {
        for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            guard trimmed(pair[..<equals]).elementsEqual(name.utf8) else { continue }
            var value = trimmed(pair[pair.index(after: equals)...])
            let quote = UInt8(ascii: "\"")
            if value.count >= 2, value.first == quote, value.last == quote { value = value.dropFirst().dropLast() }
            return String(Substring(value))
        }
        return nil
    }

    /// The first query parameter of this name, both unescaped, a `+` as a space, as servers read forms. A name without
    /// `=` has the empty value.
    package static func queryParameter(_ name: String, in query: String) -> String? {
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            guard isSame(pair[..<(equals ?? pair.endIndex)], as: name) else { continue }
            return equals.map { unescaped(pair[pair.index(after: $0)...]) } ?? ""
        }
        return nil
    }

    /// The element of a path at `index`, from 0; a slash at the end begins no element.
    package static func pathSegment(_ index: Int, in path: String) -> String? {
        var place = 0
        for segment in path.utf8.split(separator: UInt8(ascii: "/")) {
            if place == index { return String(Substring(segment)) }
            place += 1
        }
        return nil
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    private static func isSame(_ escaped: Substring.UTF8View, as name: String) -> Bool {
        if escaped.elementsEqual(name.utf8) { return true }
        guard escaped.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return false }
        return unescaped(escaped) == name
    }

    /// `%41` is `A`; a `%` that no two digits follow stays as it is.
    private static func unescaped(_ text: Substring.UTF8View) -> String {
        guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(Substring(text))
        }
        let bytes = Array(text)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
