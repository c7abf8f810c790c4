import Testing

@testable import TrafficPlan

@Suite struct PathNormalizationTests {
    /// What Envoy 1.40 makes of each, with `normalize_path` and `merge_slashes`, as observed.
    static let observed: [(String, String)] = [
        ("/", "/"), ("//", "//"), ("///", "//"), ("//a", "/a"), ("/a//", "/a/"), ("/a//b?x//y", "/a/b?x//y"),
        ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/../a", "/a"), ("/a/..", "/"), ("/a/.", "/a/"),
        ("/%2e%2e/a", "/a"), ("/a%2Fb", "/a%2Fb"), ("/a%2f%2e", "/a%2f."), ("/a\\b", "/a/b"), ("/a%5Cb", "/a%5Cb"),
        ("/%41%7e%2d", "/A~-"), ("/a%zz", "/a%zz"), ("/a%", "/a%"), ("/a%4", "/a%4"), ("/a\"b", "/a%22b"),
        ("/a{b}|c^d`e<f>", "/a%7Bb%7D%7Cc%5Ed%60e%3Cf%3E"), ("/a;b=c", "/a;b=c"), ("/a%C3%A9", "/a%C3%A9"),
        ("/a[1]", "/a[1]"), ("/x/..//y", "/y"), ("/x//../y", "/x/y"), ("/?x", "/?x"), ("/a%2e", "/a."),
        ("/.a/..b/...", "/.a/..b/..."), ("/a/%2E%2e", "/"), ("/a%01", "/a%01"), ("/a%7f", "/a%7f"),
        ("/a%20b", "/a%20b"), ("/a%3fb", "/a%3fb"), ("/a/b/%2e./c", "/a/c"),
        ("/%41%0%41", "/A%250A"), ("/%%34%31", "/%2541"), ("/a/..;x/b", "/b"), ("/a/.;x\\b", "/a/"),
        ("/a/b/..;..;/c", "/a/c"), ("/a/...;x/c", "/a/...;x/c"), ("/..;a%00b/x", "/x"), ("/a/b;c/d", "/a/b;c/d"),
    ]

    @Test(arguments: observed)
    func `a path becomes what Envoy makes of it`(target: String, expected: String) throws {
        let normalized = try PathNormalization.normalize(target)
        #expect(normalized.path + normalized.query == expected)
        #expect(try PathNormalization.normalize(normalized.path).path == normalized.path)
    }

    @Test(arguments: [
        ("", PathNormalization.Failure.notAbsolute), ("foo", .notAbsolute), ("*", .notAbsolute), ("?x", .notAbsolute),
        ("/a#b", .fragment), ("/a?b#c", .fragment), ("/a%00b", .escapedNull), ("/a b", .illegalCharacter),
        ("/a\u{7f}", .illegalCharacter), ("/é", .illegalCharacter),
    ])
    func `a malformed path is refused, as Envoy does`(target: String, failure: PathNormalization.Failure) {
        #expect(throws: failure) { try PathNormalization.normalize(target) }
    }

    @Test(arguments: [
        ("A.Example", "a.example"), ("a.example:80", "a.example"), ("a.example.", "a.example"),
        ("a.example.:80", "a.example"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", ""),
        ("a.example:abc", "a.example"), ("a.example..", "a.example."),
    ])
    func `a host is matched without port, trailing dot and capitals`(header: String, host: String) {
        #expect(Hostname.normalize(hostHeader: header) == host)
    }
}
