/// How a request's path is written before it is matched and forwarded.
///
/// The rules are those of the WHATWG URL canonicaliser that Chromium and Envoy share (`normalize_path`), followed by
/// `merge_slashes`; escaped slashes stay as they are. Dot segments are resolved first, as RFC 3986 section 5.2.4 says,
/// so `/x//../y` is `/x/y`.
package enum PathNormalization {
    package struct Target: Hashable, Sendable {
        /// Begins with a slash and is ASCII.
        package var path: String
        /// Begins with `?`; empty where the request has no query.
        package var query: String
    }

    package enum Failure: Error, Hashable, Sendable {
        case notAbsolute
        /// Control characters, blanks and bytes outside ASCII have to be escaped (RFC 9112 section 3.2).
        case illegalCharacter
        case fragment
        case escapedNull
    }

    /// - Parameter target: path and query as the client sent them.
    package static func normalize(_ target: String) throws(Failure) -> Target {
        let bytes = Array(target.utf8)
        guard bytes.first == .slash else { throw .notAbsolute }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .illegalCharacter }
        guard !bytes.contains(UInt8(ascii: "#")) else { throw .fragment }
        let queryStart = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let path = mergeSlashes(try canonical(withoutDotParameters(bytes[..<queryStart])[...]))
        return Target(path: text(path), query: text(bytes[queryStart...]))
    }

    /// The same for a path that a rule names, where a blank or any other character may stand unescaped.
    package static func normalize(rulePath: String) throws(Failure) -> String {
        let bytes = Array(rulePath.utf8)
        guard bytes.first == .slash else { throw .notAbsolute }
        guard !bytes.contains(UInt8(ascii: "#")), !bytes.contains(UInt8(ascii: "?")) else { throw .fragment }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { throw .illegalCharacter }
        return text(mergeSlashes(try canonical(withoutDotParameters(bytes[...])[...])))
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// `/..;x/` is `/../`: some servers strip parameters from segments, and must not find more dots than we did.
    private static func withoutDotParameters(_ input: ArraySlice<UInt8>) -> [UInt8] {
        guard input.contains(UInt8(ascii: ";")) else { return Array(input) }
        let segments = input.split(separator: .slash, omittingEmptySubsequences: false).map { segment in
            let dots = segment.prefix { $0 == .dot }
            let isParameterized =
                (1...2).contains(dots.count) && segment.dropFirst(dots.count).first == UInt8(ascii: ";")
            return isParameterized ? dots : segment
        }
        return Array(segments.joined(separator: [.slash]))
    }

    private static func canonical(_ input: ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(input.count)
        // Where the output has a `%` that begins no escape.
        var stray: Int?
        var index = input.startIndex
        while index < input.endIndex {
            let byte = input[index]
            if let dot = dotLength(input, at: index) {
                index = appendDot(input, at: index, length: dot, to: &output)
            } else if byte == .backslash {
                output.append(.slash)
                index += 1
            } else if byte == .percent, let value = escapedValue(input, at: index) {
                guard value != 0 else { throw .escapedNull }
                if isUnreserved(value) {
                    output.append(value)
                    if let stray { escapeNested(stray, next: index + 3, of: input, in: &output) }
                } else {
                    output.append(contentsOf: input[index..<index + 3])
                }
                index += 3
            } else {
                if byte == .percent { stray = output.count }
                if mustEscape(byte) { appendEscaped(byte, to: &output) } else { output.append(byte) }
                index += 1
            }
        }
        return output
    }

    /// Unescaping must make no new escape: `%%34%31` is the text `%41` and not `A`. So a stray `%` that has come to stand
    /// before two hexadecimal digits, the second perhaps still to come, is escaped itself.
    private static func escapeNested(
        _ stray: Int, next: Int, of input: ArraySlice<UInt8>, in output: inout [UInt8]
    ) {
        guard stray >= output.count - 3, stray + 1 < output.count else { return }
        let following = stray + 2 < output.count ? output[stray + 2] : next < input.endIndex ? input[next] : nil
        guard let following, hexValue(output[stray + 1]) != nil, hexValue(following) != nil else { return }
        output.insert(contentsOf: "25".utf8, at: stray + 1)
    }

    /// The length of a dot, plain or escaped, at `index`.
    private static func dotLength(_ input: ArraySlice<UInt8>, at index: Int) -> Int? {
        guard index < input.endIndex else { return nil }
        if input[index] == .dot { return 1 }
        return input[index] == .percent && escapedValue(input, at: index) == .dot ? 3 : nil
    }

    /// Handles `.` and `..` as whole segments; returns where to go on.
    private static func appendDot(
        _ input: ArraySlice<UInt8>, at index: Int, length: Int, to output: inout [UInt8]
    ) -> Int {
        func isSegmentEnd(_ index: Int) -> Bool {
            index == input.endIndex || input[index] == .slash || input[index] == .backslash
        }
        let next = index + length
        guard output.last == .slash else {
            output.append(.dot)
            return next
        }
        if isSegmentEnd(next) { return min(next + 1, input.endIndex) }
        guard let second = dotLength(input, at: next), isSegmentEnd(next + second) else {
            output.append(.dot)
            return next
        }
        if output.count > 1 {
            output.removeLast()
            while output.count > 1, output.last != .slash { output.removeLast() }
        }
        return min(next + second + 1, input.endIndex)
    }

    private static func escapedValue(_ input: ArraySlice<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < input.endIndex, let high = hexValue(input[index + 1]), let low = hexValue(input[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        output.append(contentsOf: [.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }

    /// RFC 3986 section 2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
        default: false
        }
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte >= 0x7f || "\"#<>?^`{|}".utf8.contains(byte)
    }

    private static func mergeSlashes(_ path: [UInt8]) -> [UInt8] {
        var merged: [UInt8] = []
        merged.reserveCapacity(path.count)
        for byte in path where byte != .slash || merged.last != .slash { merged.append(byte) }
        // Envoy writes a leading and a trailing slash apart, so that slashes alone become two.
        return merged == [.slash] && path.count > 1 ? [.slash, .slash] : merged
    }
}

extension UInt8 {
    fileprivate static let slash = UInt8(ascii: "/")
    fileprivate static let backslash = UInt8(ascii: "\\")
    fileprivate static let percent = UInt8(ascii: "%")
    fileprivate static let dot = UInt8(ascii: ".")
}
