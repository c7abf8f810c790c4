import Foundation
import KubernetesModel
import TestSupport
import Testing

@Suite struct JSONParsingTests {
    private func parse(_ text: String, maxDepth: Int = 100) throws(JSONParseError) -> JSONValue {
        try JSONValue(parsing: text.utf8, maxDepth: maxDepth)
    }

    @Test(arguments: [
        ("null", JSONValue.null), (" true ", true), ("-0", 0), ("9223372036854775807", .integer(.max)),
        ("1.5e3", .double(1500)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
        ("\"a\\u00e9\\n\"", "aé\n"),
        ("\"\\ud83d\\ude00\"", "😀"), ("\"\\ud83d\"", "\u{fffd}"), ("[1, [], {}]", .array([1, [], [:]])),
        ("{\"a\":{\"b\":[null]},\"a\":2}", .object(["a": 2])),
    ])
    func `documents are read`(text: String, expected: JSONValue) throws {
        #expect(try parse(text) == expected)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "{a:1}", "01", "-", "1.", "1e", "tru", "\"a", "\"\\x\"", "\"\u{1}\"", "1 2",
        "1e999",
        "\"\\u12\"", "nul",
    ])
    func `what is no JSON is refused`(text: String) {
        #expect(throws: JSONParseError.self) { try parse(text) }
    }

    @Test func `nesting is bounded`() {
        let deep = String(repeating: "[", count: 200_000)
        #expect(throws: JSONParseError.tooDeep(limit: 100)) { try parse(deep) }
        #expect(throws: Never.self) { try parse("[[[1]]]", maxDepth: 3) }
        #expect(throws: JSONParseError.tooDeep(limit: 2)) { try parse("[[[1]]]", maxDepth: 2) }
    }

    @Test(arguments: 0..<200)
    func `what is written is read back, by this reader and by Foundation`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let value = randomValue(depth: 4, using: &generator)
        let bytes = value.serialized()
        #expect(try JSONValue(parsing: bytes) == value)
        let foundation = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        #expect(!(foundation is NSNull) || value == .null)
    }

    @Test(arguments: 0..<200)
    func `no bytes at all make the reader trap`(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var bytes = randomValue(depth: 4, using: &generator).serialized()
        for _ in 0..<8 where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
            case 1: bytes.remove(at: index)
            default: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: index)
            }
        }
        // Refused or read: either is fine, as long as what was read is written and read the same.
        guard let value = try? JSONValue(parsing: bytes) else { return }
        #expect((try? JSONValue(parsing: value.serialized())) == value)
    }

    private func randomValue(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 3: return .double(Double.random(in: -1e6...1e6, using: &generator) + 0.125)
        case 4: return .string(randomText(using: &generator))
        case 5, 6:
            return .array(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
                    randomValue(depth: depth - 1, using: &generator)
                })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                members[randomText(using: &generator)] = randomValue(depth: depth - 1, using: &generator)
            }
            return .object(members)
        }
    }

    private func randomText(using generator: inout SeededGenerator) -> String {
        let alphabet: [Character] = ["a", "Z", "\"", "\\", "\n", "\u{1}", "é", "😀", "/", "\u{7f}"]
        return String(
            (0..<Int.random(in: 0..<8, using: &generator)).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            })
    }
}
