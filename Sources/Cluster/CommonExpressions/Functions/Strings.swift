import Patterns

extension Functions {
    static let strings: Table = [
        "startsWith": [
            .method(.string, .string, gives: .bool) { values in .bool(values[0].scalars.starts(with: values[1].scalars))
            }
        ],
        "endsWith": [
            .method(.string, .string, gives: .bool) { values in
                .bool(values[0].scalars.reversed().starts(with: values[1].scalars.reversed()))
            }
        ],
        "contains": [
            .method(.string, .string, gives: .bool) { values in
                .bool(Texts.firstIndex(of: values[1].scalars, in: values[0].scalars, from: 0) != nil)
            }
        ],
        "matches": [
            .method(.string, .string, gives: .bool) { values in
                .bool(try pattern(values[1]).isFound(in: values[0].text))
            }
            .costing(searchCost),
            .function(.string, .string, gives: .bool) { values in
                .bool(try pattern(values[1]).isFound(in: values[0].text))
            }.costing(searchCost),
        ],
        "find": [
            .method(.string, .string, gives: .string) { values in
                .string(try pattern(values[1]).firstMatch(in: values[0].text) ?? "")
            }.costing(searchCost)
        ],
        "findAll": [
            .method(.string, .string, gives: .list(.string)) { values in
                .list(try pattern(values[1]).matches(in: values[0].text).map { .string($0) })
            }.costing(searchCost),
            .method(.string, .string, .int, gives: .list(.string)) { values in
                let limit = values[2].whole < 0 ? Int.max : Int(values[2].whole)
                return .list(try pattern(values[1]).matches(in: values[0].text, limit: limit).map { .string($0) })
            }.costing(searchCost),
        ],
        "charAt": [.method(.string, .int, gives: .string) { values in try character(values[0], at: values[1].whole) }],
        "indexOf": [
            .method(.string, .string, gives: .int) { values in try index(values, from: 0) },
            .method(.string, .string, .int, gives: .int) { values in try index(values, from: values[2].whole) },
        ],
        "lastIndexOf": [
            .method(.string, .string, gives: .int) { values in try lastIndex(values, upTo: nil) },
            .method(.string, .string, .int, gives: .int) { values in try lastIndex(values, upTo: values[2].whole) },
        ],
        "lowerAscii": [.method(.string, gives: .string) { values in mapped(values[0], 0x41...0x5a, by: 0x20) }],
        "upperAscii": [.method(.string, gives: .string) { values in mapped(values[0], 0x61...0x7a, by: -0x20) }],
        "trim": [.method(.string, gives: .string) { values in trimmed(values[0]) }],
        "replace": [
            .method(.string, .string, .string, gives: .string) { values in try replaced(values, limit: -1) },
            .method(.string, .string, .string, .int, gives: .string) { values in
                try replaced(values, limit: values[3].whole)
            },
        ],
        "split": [
            .method(.string, .string, gives: .list(.string)) { values in split(values, limit: -1) },
            .method(.string, .string, .int, gives: .list(.string)) { values in split(values, limit: values[2].whole) },
        ],
        "substring": [
            .method(.string, .int, gives: .string) { values in try substring(values[0], values[1].whole, nil) },
            .method(.string, .int, .int, gives: .string) { values in
                try substring(values[0], values[1].whole, values[2].whole)
            },
        ],
        "join": [
            .method(.list(.string), gives: .string) { values in try joined(values[0], "") },
            .method(.list(.string), .string, gives: .string) { values in try joined(values[0], values[1].text) },
        ],
        "format": [
            .method(.string, .list(.dyn), gives: .string) { values in try Format.apply(values[0], values[1].elements) }
        ],
        "strings.quote": [.function(.string, gives: .string) { values in .string(Texts.quoted(values[0].text)) }],
    ]

    // MARK: - Regular expressions

    private static func pattern(_ value: Value) throws(EvaluationError) -> RegularExpression {
        do throws(RegularExpression.Failure) {
            return try RegularExpression(value.text)
        } catch {
            throw EvaluationError("error parsing regexp: \(error): `\(value.text.prefix(64))`")
        }
    }

    /// As Kubernetes counts it: text times pattern.
    @Sendable private static func searchCost(_ values: [Value]) -> UInt64 {
        UInt64(values[0].text.utf8.count / 10 + 1) * UInt64(values[1].text.utf8.count / 4 + 1)
    }

    // MARK: - Parts

    private static func character(_ value: Value, at index: Int64) throws(EvaluationError) -> Value {
        let scalars = value.scalars
        guard (0...Int64(scalars.count)).contains(index) else { throw outOfRange(index) }
        return index == scalars.count ? .string("") : .string([scalars[Int(index)]])
    }

    private static func index(_ values: [Value], from start: Int64) throws(EvaluationError) -> Value {
        let scalars = values[0].scalars
        if values[1].text.isEmpty, (0...Int64(scalars.count)).contains(start) { return .int(start) }
        guard (0...Int64(max(0, scalars.count - 1))).contains(start) else { throw outOfRange(start) }
        let found = Texts.firstIndex(of: values[1].scalars, in: scalars, from: Int(start))
        return .int(Int64(found ?? -1))
    }

    private static func lastIndex(_ values: [Value], upTo bound: Int64?) throws(EvaluationError) -> Value {
        let scalars = values[0].scalars
        let part = values[1].scalars
        if let bound, !(0...Int64(max(0, scalars.count - 1))).contains(bound) { throw outOfRange(bound) }
        let last = min(scalars.count - part.count, bound.map(Int.init) ?? scalars.count)
        guard last >= 0 else { return -1 }
        return .int(Int64((0...last).last { scalars[$0...].starts(with: part) } ?? -1))
    }

    private static func substring(_ value: Value, _ start: Int64, _ end: Int64?) throws(EvaluationError) -> Value {
        let scalars = value.scalars
        let bounds = 0...Int64(scalars.count)
        guard bounds.contains(start) else { throw outOfRange(start) }
        let end = end ?? Int64(scalars.count)
        guard bounds.contains(end) else { throw outOfRange(end) }
        guard start <= end else { throw EvaluationError("invalid substring range. start: \(start), end: \(end)") }
        return .string(scalars[Int(start)..<Int(end)])
    }

    private static func outOfRange(_ index: Int64) -> EvaluationError {
        EvaluationError("index out of range: \(index)")
    }

    // MARK: - Changes

    private static func mapped(_ value: Value, _ range: ClosedRange<UInt8>, by distance: Int) -> Value {
        let bytes = value.text.utf8.map { range.contains($0) ? UInt8(Int($0) + distance) : $0 }
        return .string(String(decoding: bytes, as: UTF8.self))
    }

    private static func trimmed(_ value: Value) -> Value {
        let scalars = value.scalars
        let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return .string(scalars[first...last])
    }

    private static func replaced(_ values: [Value], limit: Int64) throws(EvaluationError) -> Value {
        let text = values[0].scalars
        let part = values[1].scalars
        let new = values[2].scalars
        var result: [Unicode.Scalar] = []
        var index = 0
        var count: Int64 = 0
        while limit < 0 || count < limit, let found = Texts.firstIndex(of: part, in: text, from: index) {
            result += text[index..<found] + new
            guard result.count <= maxResult else { throw EvaluationError("the text becomes too long") }
            count += 1
            index = found + part.count
            if part.isEmpty {
                guard found < text.count else { return .string(result) }
                result.append(text[found])
                index = found + 1
            }
        }
        return .string(result + text[index...])
    }

    private static func split(_ values: [Value], limit: Int64) -> Value {
        let text = values[0].scalars
        let separator = values[1].scalars
        guard limit != 0 else { return .list([]) }
        var parts: [Value] = []
        var index = 0
        if separator.isEmpty {
            while index < text.count, limit < 0 || parts.count < Int(limit) - 1 {
                parts.append(.string([text[index]]))
                index += 1
            }
            if index < text.count { parts.append(.string(text[index...])) }
            return .list(parts)
        }
        while limit < 0 || parts.count < Int(limit) - 1,
            let found = Texts.firstIndex(of: separator, in: text, from: index)
        {
            parts.append(.string(text[index..<found]))
            index = found + separator.count
        }
        return .list(parts + [.string(text[index...])])
    }

    private static func joined(_ value: Value, _ separator: String) throws(EvaluationError) -> Value {
        var size = separator.utf8.count * value.elements.count
        for element in value.elements {
            guard case .string(let text) = element else { throw .noOverload }
            size += text.utf8.count
        }
        guard size <= maxResult else { throw EvaluationError("the text becomes too long") }
        return .string(value.elements.map(\.text).joined(separator: separator))
    }
}

/// Searching in scalars: Swift's own search would join what belongs to one character.
enum Texts {
    static func firstIndex(of part: [Unicode.Scalar], in text: [Unicode.Scalar], from start: Int) -> Int? {
        guard start + part.count <= text.count else { return nil }
        return (start...text.count - part.count).first { text[$0..<$0 + part.count].elementsEqual(part) }
    }

    static func quoted(_ text: String) -> String {
        let escapes: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\u{7}": "\\a", "\u{8}": "\\b",
            "\u{c}": "\\f", "\u{b}": "\\v",
        ]
        return "\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
}
