import TestSupport
import Testing

@testable import TrafficPlan

@Suite struct LimitSetBytesTests {
    @Test(arguments: 0..<100)
    func `what was written reads as what it was, in the same bytes`(seed: UInt64) throws {
        var random = RandomLimits(seed: seed)
        let set = random.set()
        let read = try LimitSet(bytes: set.bytes)
        #expect(read == set)
        #expect(read.bytes == set.bytes)
    }

    @Test func `the order of limits makes no difference`() {
        let (a, b) = (LimitSamples.limit("a"), LimitSamples.limit("b"))
        #expect(LimitSet(limits: [a, b]).bytes == LimitSet(limits: [b, a]).bytes)
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "{\"version\":2,\"limits\":[]}", "{\"version\":1}", "{\"version\":1,\"limits\":[{}]}",
        "{\"version\":1,\"limits\":[", "\u{0}",
    ])
    func `bytes of another kind are refused`(text: String) {
        #expect(throws: LimitSet.Unreadable.self) { try LimitSet(bytes: Array(text.utf8)) }
    }

    @Test func `too many bytes are refused unread`() {
        let bytes = [UInt8](repeating: 0x20, count: LimitSet.maxBytes + 1)
        #expect(throws: LimitSet.Unreadable.self) { try LimitSet(bytes: bytes) }
    }

    @Test(arguments: 0..<40)
    func `mutated bytes are read or refused, and never trap`(seed: UInt64) {
        var random = RandomLimits(seed: 500 + seed)
        let good = random.set().bytes
        for _ in 0..<20 {
            var bytes = good
            for _ in 0..<(1 + random.below(3)) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count)) }
            guard let set = try? LimitSet(bytes: bytes) else { continue }
            #expect((try? LimitSet(bytes: set.bytes)) == set)
        }
    }
}
