import FoundationEssentials

/// The claims of a JSON Web Token (RFC 7519) as it states them, with nothing verified.
package enum UnverifiedToken {
    /// Longer tokens have no claims.
    package static let maxLength = 16 * 1024

    /// The claim at `path`, names of objects outermost first: a text, a whole number or a truth value as text; lists of
    /// them in order, with commas. `nil` where the token cannot be read or has no such claim.
    package static func claim(at path: [String], in token: String) -> String? {
        guard token.utf8.count <= maxLength else { return nil }
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = base64URLDecoded(parts[1]) else { return nil }
        return claim(at: path, inPayload: payload)
    }

    /// The same of a payload that the caller has verified.
    package static func claim(at path: [String], inPayload payload: [UInt8]) -> String? {
        guard payload.count <= maxLength, !path.isEmpty else { return nil }
        let decoder = JSONDecoder()
        decoder.userInfo[Claim.path] = path
        return try? decoder.decode(Claim.self, from: Data(payload)).text
    }

    /// RFC 4648, section 5, without padding or with.
    static func base64URLDecoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            if character == UInt8(ascii: "=") { continue }
            guard let value = sextet(character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return count < 6 ? bytes : nil
    }

    private static func sextet(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x41...0x5a: character - 0x41
        case 0x61...0x7a: character - 0x61 + 26
        case 0x30...0x39: character - 0x30 + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

/// One value deep in a document, without building the rest of it.
private struct Claim: Decodable {
    static let path = CodingUserInfoKey.claimPath

    struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    enum Scalar: Decodable {
        case value(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .value(text)
            } else if let truth = try? container.decode(Bool.self) {
                self = .value(String(truth))
            } else {
                self = .value(String(try container.decode(Int64.self)))
            }
        }

        var text: String {
            switch self {
            case .value(let text): text
            }
        }
    }

    var text: String

    init(from decoder: any Decoder) throws {
        let path = decoder.userInfo[Self.path] as? [String] ?? []
        var container = try decoder.container(keyedBy: Name.self)
        for name in path.dropLast() {
            container = try container.nestedContainer(keyedBy: Name.self, forKey: Name(stringValue: name))
        }
        let name = Name(stringValue: path.last ?? "")
        if let list = try? container.decode([Scalar].self, forKey: name) {
            text = list.map(\.text).joined(separator: ",")
        } else {
            text = try container.decode(Scalar.self, forKey: name).text
        }
    }
}

extension CodingUserInfoKey {
    // The initialiser fails only for a text that is none.
    fileprivate static var claimPath: CodingUserInfoKey {
        guard let key = CodingUserInfoKey(rawValue: "claimPath") else { preconditionFailure("no key") }
        return key
    }
}
