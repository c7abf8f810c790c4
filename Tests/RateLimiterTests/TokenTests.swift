import Foundation
import JWTKit
import Synchronization
import TestSupport
import Testing

@testable import RateLimiter

@Suite struct TokenTests {
    static let now: Int64 = 1_800_000_000
    let key = ES256PrivateKey()

    struct Payload: JWTPayload {
        var claims: TokenValue
        init(_ claims: [String: TokenValue]) { self.claims = .object(claims) }
        init(from decoder: any Decoder) throws { claims = try TokenValue(from: decoder) }
        func encode(to encoder: any Encoder) throws { try claims.encode(to: encoder) }
        func verify(using algorithm: some JWTAlgorithm) {}
    }

    func keySet(kid: String? = "k1") throws -> String {
        let parameters = try #require(key.parameters)
        let name = kid.map { #""kid":"\#($0)","# } ?? ""
        return #"{"keys":[{"kty":"EC","crv":"P-256",\#(name)"x":"\#(parameters.x)","y":"\#(parameters.y)"}]}"#
    }

    func token(
        _ claims: [String: TokenValue], by key: ES256PrivateKey? = nil, kid: String? = "k1"
    ) async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key ?? self.key, kid: kid.map { JWKIdentifier(string: $0) })
        return try await keys.sign(Payload(claims), kid: kid.map { JWKIdentifier(string: $0) })
    }

    /// The claim `sub` of `token`, as a limit sees it.
    func subject(
        _ token: String, path: [String] = ["sub"], keySet: String? = nil, issuer: String? = nil,
        audiences: [String] = [],
        now: Int64 = Self.now
    ) async throws -> String? {
        let claim = Claims.verified(
            path, keySet: try keySet ?? self.keySet(), issuer: issuer, audiences: audiences)
        return await Claims.value(of: claim, in: ["authorization": "Bearer \(token)"], now: now)
    }

    @Test("a signed token says who it is for; nested, numeric and listed claims are texts")
    func verified() async throws {
        let token = try await token([
            "sub": .string("ann"), "org": .object(["id": .integer(42), "vip": .boolean(true)]),
            "groups": .array([.string("a"), .string("b")]), "exp": .integer(Self.now + 10),
        ])
        #expect(try await subject(token) == "ann")
        #expect(try await subject(token, path: ["org", "id"]) == "42")
        #expect(try await subject(token, path: ["org", "vip"]) == "true")
        #expect(try await subject(token, path: ["groups"]) == "a,b")
        #expect(try await subject(token, path: ["org"]) == nil)
        #expect(try await subject(token, path: ["none"]) == nil)
        #expect(try await subject(token, keySet: keySet(kid: nil)) == "ann")
    }

    @Test("a token that is forged, altered, unsigned or signed by a stranger says nothing")
    func forged() async throws {
        let good = try await token(["sub": .string("ann")])
        let parts = good.split(separator: ".")
        let other = try await token(["sub": .string("bob")]).split(separator: ".")
        let stranger = try await token(["sub": .string("ann")], by: ES256PrivateKey())
        let none = Data(#"{"alg":"none"}"#.utf8).base64EncodedString().replacing("=", with: "")
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: try keySet()), digestAlgorithm: .sha256)
        let confused = try await keys.sign(Payload(["sub": .string("ann")]))
        for text in [
            "\(parts[0]).\(other[1]).\(parts[2])", stranger, "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])",
            confused,
            "\(parts[0]).\(parts[1])", "", "..", good + ".x", String(repeating: "a", count: 100_000),
        ] { #expect(try await subject(text) == nil, "\(text.prefix(40))") }
        #expect(try await subject(good, keySet: "no JSON") == nil)
        #expect(try await subject(good, keySet: #"{"keys":[]}"#) == nil)
    }

    @Test("times, issuer and audience must fit")
    func times() async throws {
        let expired = try await token(["sub": .string("a"), "exp": .integer(Self.now - 61)])
        #expect(try await subject(expired) == nil)
        #expect(try await subject(expired, now: Self.now - 30) == "a")
        #expect(try await subject(try await token(["sub": .string("a"), "nbf": .integer(Self.now + 61)])) == nil)
        #expect(try await subject(try await token(["sub": .string("a"), "exp": .string("never")])) == nil)
        let named = try await token([
            "sub": .string("a"), "iss": .string("us"), "aud": .array([.string("x"), .string("y")]),
        ])
        #expect(try await subject(named, issuer: "us", audiences: ["y", "z"]) == "a")
        #expect(try await subject(named, issuer: "them") == nil)
        #expect(try await subject(named, audiences: ["z"]) == nil)
    }

    @Test("what a token said is remembered no longer than the token lives")
    func memory() async throws {
        let clock = Atomic<Int64>(Self.now)
        let claim = Claims.verified(["sub"], keySet: try keySet())
        let verifier = try #require(
            TokenReader(wallClock: { clock.load(ordering: .relaxed) }).verifiers(of: [claim]).first)
        let token = try await token(["sub": .string("ann"), "exp": .integer(Self.now + 20)])
        let request = Claims.request(["authorization": "bearer  \(token)"])
        #expect(await verifier.claims(of: request)[claim] == "ann")
        clock.store(Self.now + 50, ordering: .relaxed)
        #expect(await verifier.claims(of: request)[claim] == "ann")
        clock.store(Self.now + 81, ordering: .relaxed)
        #expect(await verifier.claims(of: request)[claim] == nil)
    }

    @Test("an unverified claim is what anyone wrote; random bytes never trap", arguments: 0..<5 as Range<UInt64>)
    func unverified(seed: UInt64) async throws {
        let claim = Claims.unverified(["sub"])
        let token = try await token(["sub": .string(String(repeating: "x", count: 2000))])
        let value = await Claims.value(of: claim, in: ["authorization": token], now: Self.now)
        #expect(value?.hasPrefix("sha256:") == true)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var bytes = Array(token.utf8)
            for _ in 0..<Int.random(in: 1..<8, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 32..<127, using: &random)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = await Claims.value(of: claim, in: ["authorization": text], now: Self.now)
            // As likely as a guess: a mutated token verifies only where the mutation changed nothing.
            if text != token {
                #expect(try await subject(text) == nil || text.hasPrefix(token.prefix(token.count - 3)))
            }
        }
    }
}
