/// `intstr.IntOrString`: a port by number or by name.
package enum IntOrString: Hashable, Sendable {
    case int(Int32)
    case string(String)
}

extension IntOrString: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int32.self) {
            self = .int(number)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .int(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        }
    }
}

extension IntOrString: CustomStringConvertible {
    package var description: String {
        switch self {
        case .int(let number): String(number)
        case .string(let text): text
        }
    }
}
