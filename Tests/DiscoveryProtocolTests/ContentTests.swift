import DiscoveryProtocol
import TestSupport
import Testing

@Suite struct ContentTests {
    @Test func `the hash is MurmurHash3, so that versions outlive processes`() {
        #expect(ContentHash(of: []).description == "00000000000000000000000000000000")
        // Reference values of MurmurHash3_x64_128 with seed 0.
        #expect(ContentHash(of: Array("hello".utf8)).description == "cbd8a7b341bd9b025b1e906a48ae1d19")
        #expect(
            ContentHash(of: Array("The quick brown fox jumps over the lazy dog".utf8)).description
                == "e34bbc7bbc071b6c7a433ca9c49a9347")
    }

    @Test func `a composite's version and bytes follow from its pieces, in whatever order they came`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<50 {
            var composite = CompositeResource(head: PieceForm(Sample.table("web")))
            var model: [String: ResourcePart] = [:]
            for _ in 0..<60 {
                let key = "h\(Int.random(in: 0..<12, using: &random))"
                if Bool.random(using: &random) {
                    let part = Sample.part(key, "\(Int.random(in: 0..<3, using: &random))", to: "a")
                    model[key] = part
                    composite.setPart(key, PieceForm(part, key: key))
                } else {
                    model[key] = nil
                    composite.setPart(key, nil)
                }
                if Bool.random(using: &random) { _ = composite.assembled() }
            }
            var fresh = CompositeResource(head: PieceForm(Sample.table("web")))
            for (key, part) in model { fresh.setPart(key, PieceForm(part, key: key)) }
            let bytes = Sample.table("web").head + model.sorted { $0.key < $1.key }.flatMap(\.value.bytes)
            #expect(composite.assembled() == bytes)
            #expect(fresh.assembled() == bytes)
            #expect(composite.version == fresh.version)
        }
    }

    @Test func `equal bytes under another key are another content`() {
        #expect(ContentHash(of: [1, 2, 3], key: "a") != ContentHash(of: [1, 2, 3], key: "b"))
    }
}
