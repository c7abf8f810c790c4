import Crypto
import Foundation
import JWTKit

/// The claims of a token (RFC 7519).
struct TokenPayload: JWTPayload {
    let claims: TokenValue

    init(from decoder: any Decoder) throws { claims = try TokenValue(from: decoder) }

    func encode(to encoder: any Encoder) throws { try claims.encode(to: encoder) }

    /// Times and names are looked at by `TokenVerifier`.
    func verify(using algorithm: some JWTAlgorithm) {}

    /// What is between the dots, whoever has written it.
    init?(unverified token: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let data = Data(base64URL: parts[1]),
            let payload = try? JSONDecoder().decode(TokenPayload.self, from: data)
        else { return nil }
        self = payload
    }

    func isValid(at now: Int64, leeway: Int64) -> Bool {
        guard let expiry = time("exp"), let begin = time("nbf") else { return false }
        return (expiry ?? .infinity) + Double(leeway) > Double(now)
            && (begin ?? -.infinity) - Double(leeway) <= Double(now)
    }

    /// Seconds since 1970; `nil`: never.
    func expiry(leeway: Int64) -> Int64? {
        guard let expiry = time("exp"), let expiry, expiry.magnitude < 1e15 else { return nil }
        return Int64(expiry) + leeway
    }

    var audiences: Set<String> {
        switch claims[["aud"]] {
        case .string(let one)?: [one]
        case .array(let several)?: Set(several.compactMap(\.text))
        default: []
        }
    }

    /// `.some(nil)`: not there; `nil`: there, and no number, so the token is not to be trusted.
    private func time(_ name: String) -> Double?? {
        guard let value = claims[[name]] else { return .some(nil) }
        if case .number(let number) = value { return .some(number) }
        if case .integer(let number) = value { return .some(Double(number)) }
        return nil
    }
}

/// Any JSON.
indirect enum TokenValue: Codable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([TokenValue])
    case object([String: TokenValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([TokenValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: TokenValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }

    subscript(path: [String]) -> TokenValue? {
        var value = self
        for name in path {
            guard case .object(let members) = value, let next = members[name] else { return nil }
            value = next
        }
        return value
    }

    /// What a key is made of: a text, a number, true or false, or a list of these, joined by commas. An object is none.
    func text(at path: [String]) -> String? {
        guard let text = self[path]?.text else { return nil }
        guard text.utf8.count > TokenVerifier.longestValue else { return text }
        let digest = SHA256.hash(data: Array(text.utf8))
        return "sha256:" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    var text: String? {
        switch self {
        case .null, .object: return nil
        case .boolean(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let value): return value
        case .array(let values):
            let texts = values.map(\.text)
            return texts.contains(nil) ? nil : texts.compactMap(\.self).joined(separator: ",")
        }
    }
}

extension Data {
    /// RFC 4648, section 5, without padding.
    init?(base64URL text: Substring) {
        var bytes = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        while bytes.count % 4 != 0 { bytes.append(UInt8(ascii: "=")) }
        self.init(base64Encoded: Data(bytes))
    }
}

extension JWKS {
    /// The keys of a set (RFC 7517, section 5). One without an identifier gets one, so that it can be found.
    init?(readingKeysOf text: String, atMost count: Int) {
        guard let set = try? JSONDecoder().decode(JWKS.self, from: Data(text.utf8)) else { return nil }
        let keys = set.keys.prefix(count).enumerated().map { index, key in
            var key = key
            if key.keyIdentifier == nil { key.keyIdentifier = JWKIdentifier(string: "key \(index)") }
            return key
        }
        self.init(keys: Array(keys))
    }
}
