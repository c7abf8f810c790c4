import NIOCore
import TestSupport
import Testing

@testable import RedisClient

@Suite struct RESPParserTests {
    static func parse(_ text: String, bounds: RESPParser.Bounds = .init()) throws -> [RESPValue] {
        var parser = RESPParser(bounds: bounds)
        var buffer = ByteBuffer(string: text)
        var values: [RESPValue] = []
        while let value = try parser.next(&buffer) { values.append(value) }
        return values
    }

    static func bulk(_ text: String) -> RESPValue { .bulk(ByteBuffer(string: text)) }

    @Test(
        "each type of both versions is read",
        arguments: [
            ("+OK\r\n", .simple("OK")), ("-ERR no\r\n", .error("ERR no")), (":-42\r\n", .integer(-42)),
            ("$5\r\nhello\r\n", bulk("hello")), ("$0\r\n\r\n", bulk("")), ("$-1\r\n", .null), ("*-1\r\n", .null),
            ("*2\r\n:1\r\n$1\r\nx\r\n", .array([.integer(1), bulk("x")])), ("_\r\n", .null), ("#t\r\n", .boolean(true)),
            (",1.5\r\n", .double(1.5)), ("(123456789012345678901\r\n", .bigNumber("123456789012345678901")),
            ("!5\r\nERR x\r\n", .error("ERR x")), ("=8\r\ntxt:some\r\n", bulk("some")),
            ("%1\r\n+a\r\n:1\r\n", .map([.simple("a"), .integer(1)])), ("~1\r\n:7\r\n", .array([.integer(7)])),
            (">2\r\n+a\r\n+b\r\n", .push([.simple("a"), .simple("b")])), ("|1\r\n+ttl\r\n:9\r\n:1\r\n", .integer(1)),
        ] as [(String, RESPValue)])
    func everyType(text: String, value: RESPValue) throws {
        #expect(try Self.parse(text) == [value])
    }

    @Test("bytes may come one by one")
    func pieces() throws {
        let text = "*3\r\n$5\r\nhello\r\n%1\r\n+a\r\n:1\r\n-ERR x\r\n+next\r\n"
        var parser = RESPParser()
        var buffer = ByteBuffer()
        var values: [RESPValue] = []
        for byte in text.utf8 {
            buffer.writeInteger(byte)
            while let value = try parser.next(&buffer) { values.append(value) }
        }
        #expect(values == (try Self.parse(text)))
        #expect(values.count == 2)
        #expect(buffer.readableBytes == 0)
    }

    @Test(
        "what is not the protocol is refused",
        arguments: [
            "x\r\n", ":abc\r\n", "$-2\r\n", "$3\r\nabcd\r\n", "*-2\r\n", "#y\r\n", ",abc\r\n", "(12a\r\n",
            "=2\r\nab\r\n",
            "+no carriage return\n", "$9223372036854775807\r\n", "*9223372036854775807\r\n", "%4611686018427387904\r\n",
            "HTTP/1.1 400 Bad Request\r\n",
        ])
    func malformed(text: String) {
        #expect(throws: RESPParser.Malformed.self) { try Self.parse(text) }
    }

    @Test("depth, elements, lines and whole values are bounded")
    func bounds() {
        var bounds = RESPParser.Bounds()
        bounds.line = 100
        bounds.elements = 50
        bounds.value = 1000
        let texts = [
            String(repeating: "*1\r\n", count: 20) + ":1\r\n", "*51\r\n",
            "*7\r\n" + String(repeating: "*7\r\n", count: 60),
            "+" + String(repeating: "a", count: 200), "$1001\r\n",
            "*40\r\n" + String(repeating: "$90\r\n" + String(repeating: "a", count: 90) + "\r\n", count: 30),
            String(repeating: "|0\r\n", count: 20),
        ]
        for text in texts {
            #expect(throws: RESPParser.Malformed.self, "\(text.prefix(20))") { try Self.parse(text, bounds: bounds) }
        }
    }

    @Test(
        "random bytes and mutated answers never trap, and never yield a value beyond the bounds",
        arguments: 0..<20 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sample = Array(
            "*3\r\n$5\r\nhello\r\n%1\r\n+a\r\n:1\r\n>2\r\n+a\r\n=8\r\ntxt:some\r\n|1\r\n+ttl\r\n:9\r\n(12\r\n,1.5\r\n"
                .utf8)
        for _ in 0..<500 {
            var bytes = sample
            if Bool.random(using: &random) {
                bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
                    Array("*$:+-_#,(!=%~>|0123456789\r\n\r\n ".utf8).randomElement(using: &random)!
                }
            } else {
                for _ in 0..<Int.random(in: 1..<6, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            var parser = RESPParser()
            var buffer = ByteBuffer()
            for chunk in stride(from: 0, to: bytes.count, by: 7) {
                buffer.writeBytes(bytes[chunk..<min(chunk + 7, bytes.count)])
                let before = buffer.readableBytes
                while let value = try? parser.next(&buffer) { #expect((value.elements?.count ?? 0) <= before) }
            }
        }
    }
}
