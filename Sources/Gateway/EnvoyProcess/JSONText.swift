/// A JSON document written in Swift literals, printed with its keys in the order they were written.
enum JSONText: Equatable, Sendable {
    case string(String)
    case integer(Int64)
    case decimal(Double)
    case boolean(Bool)
    case array([JSONText])
    case object([Member])

    struct Member: Equatable, Sendable {
        var key: String
        var value: JSONText
    }

    /// Two spaces of indentation, a newline at the end.
    var document: String {
        var out = ""
        append(to: &out, indentation: 0)
        return out + "\n"
    }

    private func append(to out: inout String, indentation: Int) {
        switch self {
        case .string(let text): Self.append(text, to: &out)
        case .integer(let number): out += "\(number)"
        case .decimal(let number): out += "\(number)"
        case .boolean(let flag): out += flag ? "true" : "false"
        case .array(let values):
            Self.appendLines(values, between: ("[", "]"), to: &out, indentation) { value, out in
                value.append(to: &out, indentation: indentation + 1)
            }
        case .object(let members):
            Self.appendLines(members, between: ("{", "}"), to: &out, indentation) { member, out in
                Self.append(member.key, to: &out)
                out += ": "
                member.value.append(to: &out, indentation: indentation + 1)
            }
        }
    }

    private static func appendLines<Element>(
        _ elements: [Element], between brackets: (String, String), to out: inout String, _ indentation: Int,
        _ append: (Element, inout String) -> Void
    ) {
        out += brackets.0
        for (index, element) in elements.enumerated() {
            out += (index == 0 ? "\n" : ",\n") + String(repeating: "  ", count: indentation + 1)
            append(element, &out)
        }
        if !elements.isEmpty { out += "\n" + String(repeating: "  ", count: indentation) }
        out += brackets.1
    }

    private static func append(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}

extension JSONText: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(floatLiteral value: Double) { self = .decimal(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(arrayLiteral elements: JSONText...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSONText)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }
}
