import KubernetesModel

/// RFC 6901.
struct JSONPointer: Hashable, Sendable {
    var tokens: [String]

    /// `nil` unless the text is empty or begins with a slash.
    init?(_ text: String) {
        if text.isEmpty {
            tokens = []
        } else {
            guard text.hasPrefix("/") else { return nil }
            tokens = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
                String($0).replacing("~1", with: "/").replacing("~0", with: "~")
            }
        }
    }

    var isRoot: Bool { tokens.isEmpty }

    /// Whether `other` lies beneath this place.
    func isProperPrefix(of other: JSONPointer) -> Bool {
        other.tokens.count > tokens.count && other.tokens.starts(with: tokens)
    }

    func value(in document: JSONValue) -> JSONValue? {
        tokens.reduce(Optional(document)) { value, token in
            switch value {
            case .object(let members): return members[token]
            case .array(let elements):
                guard let index = JSONPointer.index(token, in: elements) else { return nil }
                return elements[index]
            default: return nil
            }
        }
    }

    /// An index of an existing element: digits without leading zeros. Negative ones count from the end, as the library
    /// behind the real server has it.
    static func index(_ token: String, in elements: [JSONValue]) -> Int? {
        guard let number = Int(token), String(number) == token else { return nil }
        let index = number < 0 ? number + elements.count : number
        return elements.indices.contains(index) ? index : nil
    }
}
