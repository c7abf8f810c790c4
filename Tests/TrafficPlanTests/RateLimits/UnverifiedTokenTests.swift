import FoundationEssentials
import TestSupport
import Testing

@testable import TrafficPlan

@Suite struct UnverifiedTokenTests {
    static func token(_ payload: String) -> String {
        let body = Data(payload.utf8).base64EncodedString().map { character -> Character in
            switch character {
            case "+": "-"
            case "/": "_"
            default: character
            }
        }
        return "eyJhbGciOiJub25lIn0." + String(body) + ".c2ln"
    }

    @Test(
        arguments: [
            ("{\"sub\":\"me?>~\"}", ["sub"], "me?>~"), ("{\"n\":42}", ["n"], "42"), ("{\"n\":true}", ["n"], "true"),
            ("{\"a\":{\"b\":{\"c\":\"deep\"}}}", ["a", "b", "c"], "deep"), ("{\"l\":[\"a\",1]}", ["l"], "a,1"),
            ("{\"a\":{\"b\":1}}", ["a"], nil), ("{\"a\":1.5}", ["a"], nil), ("{\"a\":null}", ["a"], nil),
            ("{}", ["a"], nil), ("[]", ["a"], nil), ("{\"a\":\"x\"}", [], nil), ("", ["a"], nil),
        ] as [(String, [String], String?)])
    func `a claim is read where it stands`(payload: String, path: [String], value: String?) {
        #expect(UnverifiedToken.claim(at: path, in: Self.token(payload)) == value)
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.!.c", "a.A.c", "a.eyJzdWIiOiJtZSJ9", "a.eyJzdWIiOiJtZSJ9.c.d"])
    func `what is no token has no claims`(token: String) {
        #expect(UnverifiedToken.claim(at: ["sub"], in: token) == nil)
    }

    @Test func `a token of any length costs no more than the longest that is read`() {
        let long = Self.token("{\"sub\":\"\(String(repeating: "x", count: UnverifiedToken.maxLength))\"}")
        #expect(UnverifiedToken.claim(at: ["sub"], in: long) == nil)
    }

    @Test(arguments: 0..<20)
    func `mutated tokens are read or not, and never trap`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let good = Array(Self.token("{\"sub\":\"me\",\"a\":{\"b\":[1,\"x\"]}}").utf8)
        for _ in 0..<50 {
            var bytes = good
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = UnverifiedToken.claim(at: ["a", "b"], in: String(decoding: bytes, as: UTF8.self))
        }
    }
}
