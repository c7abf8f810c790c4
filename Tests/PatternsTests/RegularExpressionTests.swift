import TestSupport
import Testing

@testable import Patterns

@Suite struct RegularExpressionTests {
    @Test(
        arguments: [
            ("a+", "xaay", "aa"), ("a+?", "xaay", "a"), ("(?U)a+", "xaay", "a"), ("a|ab", "ab", "a"),
            ("ab|a", "ab", "ab"),
            ("^b", "ab", nil), ("(?m)^b", "a\nb", "b"), ("(?m)a$", "a\nb", "a"), (".+", "é\nx", "é"),
            ("(?s).+", "é\nx", "é\nx"),
            ("[^a]", "aß", "ß"), ("[à-ü]+", "xéèy", "éè"), ("\\W", "é", "é"), ("(?i)K", "\u{212a}", "\u{212a}"),
            ("\\bfoo\\b", "a foo b", "foo"), ("x*", "aaa", ""), ("\\x{1F600}", "😀", "😀"), ("e\u{301}", "é", nil),
        ] as [(String, String, String?)])
    func `the first match is the one that RE2 finds`(pattern: String, text: String, found: String?) throws {
        let expression = try RegularExpression(pattern)
        #expect(expression.firstMatch(in: text) == found)
        #expect(expression.isFound(in: text) == (found != nil))
    }

    @Test(arguments: [
        ("a+", "aa b aaa", ["aa", "aaa"]), ("a*", "baac", ["", "aa", ""]), ("[0-9]", "1a2b3", ["1", "2", "3"]),
        ("x", "abc", []), ("", "ab", ["", "", ""]),
    ])
    func `all matches stand side by side`(pattern: String, text: String, found: [String]) throws {
        #expect(try RegularExpression(pattern).matches(in: text) == found)
    }

    @Test func `a limit on matches holds`() throws {
        #expect(try RegularExpression("a").matches(in: "aaaa", limit: 2) == ["a", "a"])
    }

    @Test(arguments: ["(?i)é", "(?i)[à-ü]", "\\p{L}", "(?=a)", "(?q)", "a**"])
    func `what we do not know exactly is refused`(pattern: String) {
        #expect(throws: RegularExpression.Failure.self) { try RegularExpression(pattern) }
    }

    @Test func `time grows with the text and not with the trap`() throws {
        let expression = try RegularExpression("(a*)*(a|aa)+b")
        let text = String(repeating: "a", count: 2000)
        let time = ContinuousClock().measure { #expect(!expression.isFound(in: text)) }
        #expect(time < .seconds(5))
    }

    @Test(arguments: 0..<200)
    func `no text crashes the reader or the search, and a whole match is also found`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("abk/.*+?()[]{}|^$\\-,:09PQEmsUixd<>é\n")
        func text(_ most: Int) -> String {
            let length = Int.random(in: 0...most, using: &generator)
            return String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
        }
        guard let expression = try? RegularExpression(text(30)) else { return }
        for _ in 0..<10 {
            let subject = text(20)
            if expression.matchesWhole(subject) { #expect(expression.isFound(in: subject)) }
            #expect(expression.isFound(in: subject) == (expression.firstMatch(in: subject) != nil))
        }
    }
}
