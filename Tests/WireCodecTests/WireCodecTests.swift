import TestSupport
import Testing
import WireCodec

struct WireCodecTests {
    @Test func integersComeBackInBothByteOrders() throws {
        var writer = WireWriter()
        writer.uint8(7)
        writer.host(UInt16(0x1234))
        writer.bigEndian(UInt32(0x0102_0304))
        writer.host(Int32(-3))
        let bytes = try writer.finish()
        #expect(Array(bytes[3..<7]) == [1, 2, 3, 4])
        var reader = WireReader(bytes)
        #expect(try reader.uint8() == 7)
        #expect(try reader.host(UInt16.self) == 0x1234)
        #expect(try reader.bigEndian(UInt32.self) == 0x0102_0304)
        #expect(try reader.host(Int32.self) == -3)
        #expect(reader.isAtEnd)
        #expect(throws: WireError.truncated(offset: 11, needed: 1, left: 0)) { try reader.uint8() }
    }

    @Test func attributesNestAndPad() throws {
        var writer = WireWriter()
        writer.attribute(3, text: "eth0")
        writer.nested(18) { outer in
            outer.attribute(1, raw: [9])
            outer.flag(2)
        }
        let bytes = try writer.finish()
        #expect(Array(bytes[0..<12]) == [9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0])
        #expect(Array(bytes[12...]) == [16, 0, 18, 0x80, 5, 0, 1, 0, 9, 0, 0, 0, 4, 0, 2, 0])
        var attributes = AttributeReader(WireReader(bytes))
        let name = try #require(try attributes.next())
        #expect(name.type == 3)
        #expect(try name.text() == "eth0")
        let nest = try #require(try attributes.next())
        var inner = nest.attributes
        #expect(try inner.next()?.raw() == [9])
        #expect(try inner.next()?.value.count == 0)
        #expect(try inner.next() == nil)
        #expect(try attributes.next() == nil)
    }

    @Test func aValueTooLongForItsLengthIsReportedAtTheEnd() {
        var writer = WireWriter()
        writer.attribute(1, raw: [UInt8](repeating: 0, count: 65_532))
        writer.attribute(2, raw: [1])
        #expect(throws: WireError.tooLong(length: 65_536)) { try writer.finish() }
    }

    @Test func widthsAreChecked() throws {
        var writer = WireWriter()
        writer.attribute(1, host: UInt16(5))
        writer.attribute(2, raw: [0xff, 0xfe])
        var attributes = AttributeReader(WireReader(try writer.finish()))
        let number = try #require(try attributes.next())
        #expect(throws: WireError.badWidth(offset: 4, expected: 4, found: 2)) { try number.host(UInt32.self) }
        let text = try #require(try attributes.next())
        #expect(throws: WireError.badText(offset: 12)) { try text.text() }
    }

    /// A tree of attributes, for the property below.
    indirect enum Tree: Equatable {
        case leaf(UInt16, [UInt8])
        case nest(UInt16, [Tree])

        static func random(depth: Int, using generator: inout SeededGenerator) -> Tree {
            let type = UInt16.random(in: 0..<0x4000, using: &generator)
            guard depth > 0, Bool.random(using: &generator) else {
                return .leaf(type, (0..<Int.random(in: 0..<20, using: &generator)).map { UInt8($0) })
            }
            return .nest(
                type,
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
        }

        func write(to writer: inout WireWriter) {
            switch self {
            case .leaf(let type, let value): writer.attribute(type, raw: value)
            case .nest(let type, let trees): writer.nested(type) { for tree in trees { tree.write(to: &$0) } }
            }
        }

        func read(_ attribute: Attribute?) throws -> Tree? {
            guard let attribute else { return nil }
            switch self {
            case .leaf: return .leaf(attribute.type, Array(attribute.raw()))
            case .nest(_, let trees):
                var inner = attribute.attributes
                let read = try trees.map { try $0.read(try inner.next()) }
                return try inner.next() == nil ? .nest(attribute.type, read.compactMap(\.self)) : nil
            }
        }
    }

    @Test(arguments: 0..<200) func anyTreeOfAttributesComesBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tree = Tree.random(depth: 4, using: &generator)
        var writer = WireWriter()
        tree.write(to: &writer)
        var attributes = AttributeReader(WireReader(try writer.finish()))
        #expect(try tree.read(try attributes.next()) == tree)
    }

    @Test func noBytesMakeTheReaderTrap() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator) & (Bool.random(using: &generator) ? 0x1f : 0xff)
            }
            walk(AttributeReader(WireReader(bytes)), depth: 0)
        }
    }

    private func walk(_ reader: AttributeReader, depth: Int) {
        var reader = reader
        while let attribute = try? reader.next(), depth < 16 {
            _ = try? attribute.text()
            _ = try? attribute.bigEndian(UInt32.self)
            walk(attribute.attributes, depth: depth + 1)
        }
    }
}
