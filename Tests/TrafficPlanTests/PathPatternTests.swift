import TestSupport
import Testing

@testable import TrafficPlan

@Suite struct PathPatternTests {
    @Test(arguments: [
        ("/a.*", "/abc", true), ("/a.*", "/b", false), ("/a", "/ab", false), ("a", "/a", false),
        ("/users/[0-9]+", "/users/42", true), ("/users/[0-9]+", "/users/", false), ("/users/\\d+", "/users/4x", false),
        ("/(foo|bar)/baz", "/bar/baz", true), ("/(foo|bar|)", "/", true), ("/(?:a|b){2,3}", "/abab", false),
        ("/(?:a|b){2,3}", "/aba", true), ("/a{2}", "/aa", true), ("/a{2,}", "/aaaaa", true), ("/a{2,}", "/a", false),
        ("/a{0,1}b", "/b", true), ("/a{,3}", "/a{,3}", true), ("/a{2", "/a{2", true), ("/{", "/{", true),
        ("/a?b*?c+?", "/cc", true), ("(?i)/ABC", "/aBc", true), ("/(?i:A)b", "/ab", true), ("/(?i:A)b", "/aB", false),
        ("/(?i)a(?-i)b", "/AB", false), ("/(?P<id>[a-z]+)", "/abc", true), ("/(?<id>[a-z]+)", "/abc", true),
        ("^/a$", "/a", true), ("\\A/a\\z", "/a", true), ("/a\\b.*", "/a-b", true), ("/a\\b.*", "/ab", false),
        ("/a\\Bb", "/ab", true), ("/[^/]+", "/a/b", false), ("/[]a]+", "/]a", true), ("/[^]a]", "/b", true),
        ("/[a\\-z]+", "/-a", true), ("/[a-]+", "/-", true), ("/[\\d-z]+", "/1-z", true),
        ("/[[:alpha:]]+", "/aZ", true), ("/[[:^digit:]]", "/1", false), ("/[[.a.]]", "/.]", true),
        ("/\\Qa.b*\\E+", "/a.b**", true), ("/\\Qa.b*\\Ec", "/a.b*c", true), ("/\\x41", "/A", true),
        ("/\\x{41}", "/A", true), ("/\\.", "/.", true), ("/\\_", "/_", true), ("/\\w+\\W\\s*\\S", "/ab-c", true),
        ("()", "", true), ("|", "", true), ("/(a*)*", "/aaa", true), ("/(a|)*b", "/aab", true), ("/^*a", "/a", true),
        ("/v1.0/.*", "/v1x0/", true),
    ])
    func `an expression matches the whole path as RE2 does`(pattern: String, path: String, matches: Bool) throws {
        #expect(try PathPattern(pattern).matches(path) == matches)
    }

    /// RE2 refuses all of these, except those that we leave out.
    @Test(arguments: [
        "(?=a)", "(?!a)", "(?<=a)", "(?>a)", "\\1", "a{1001}", "(a{100}){11}", "a**", "a++", "a*{2}", "x{2}{3}", "[a-",
        "[z-a]", "(", ")", "a|*", "\\Z", "\\e", "\\h", "[a\\]", "{1}", "[[:foo:]]", "(?P<>a)", "(?P<a", "(?q)", "a\\",
        "\\x4", "\\x{zz}", "a{2,1}", "+a", "(?", "(?i", "[", "\\p{L}", "\\C", "\\077",
    ])
    func `what RE2 refuses, or we leave out, is refused`(pattern: String) {
        #expect(throws: PathPattern.Failure.self) { try PathPattern(pattern) }
    }

    @Test func `size, depth and nested repetition are bounded`() {
        for pattern in [
            String(repeating: "a", count: 1025), String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
            "(((){1000}){1000}){1000}", "[a-z]{999}[a-z]{999}",
        ] {
            #expect(throws: PathPattern.Failure.self) { try PathPattern(pattern) }
        }
    }

    @Test func `time does not explode with the classic trap`() throws {
        let pattern = try PathPattern("/(a*)*(a|aa)+b")
        let path = "/" + String(repeating: "a", count: 4000)
        let time = ContinuousClock().measure { #expect(!pattern.matches(path)) }
        #expect(time < .seconds(5))
    }

    @Test(arguments: 0..<300)
    func `no text crashes the reader or the matcher`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("ab/.*+?()[]{}|^$\\-,:09PQExdi<>é")
        let length = Int.random(in: 0...40, using: &generator)
        let text = String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
        guard let pattern = try? PathPattern(text) else { return }
        #expect(pattern.stepCount <= PathPattern.maxSteps)
        #expect(pattern.matches("/aab/b9") == pattern.matches("/aab/b9"))
    }
}
