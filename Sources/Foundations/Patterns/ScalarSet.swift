/// A set of Unicode scalars: ASCII as bits, the rest as ranges in order.
struct ScalarSet: Hashable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// Above ASCII, ascending, apart from each other.
    private(set) var ranges: [ClosedRange<UInt32>] = []

    private static let last: UInt32 = 0x10ffff

    static let all = ScalarSet(ranges: [0...last])
    static let newline = ScalarSet(ranges: [0x0a...0x0a])
    static let digit = ScalarSet(ranges: [0x30...0x39])
    static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    static let space = ScalarSet(ranges: [0x09...0x0a, 0x0c...0x0d, 0x20...0x20])

    init() {}

    init(ranges: [ClosedRange<UInt32>]) {
        for range in ranges { insert(range) }
    }

    var isASCII: Bool { ranges.isEmpty }

    mutating func insert(_ range: ClosedRange<UInt32>) {
        if range.lowerBound < 128 {
            for value in range.lowerBound...min(range.upperBound, 127) {
                if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
            }
        }
        guard range.upperBound >= 128 else { return }
        var merged = max(range.lowerBound, 128)...range.upperBound
        var rest: [ClosedRange<UInt32>] = []
        for old in ranges {
            if old.lowerBound <= merged.upperBound + 1, merged.lowerBound <= old.upperBound + 1 {
                merged = min(old.lowerBound, merged.lowerBound)...max(old.upperBound, merged.upperBound)
            } else {
                rest.append(old)
            }
        }
        let place = rest.firstIndex { $0.lowerBound > merged.lowerBound } ?? rest.endIndex
        rest.insert(merged, at: place)
        ranges = rest
    }

    mutating func formUnion(_ other: ScalarSet) {
        low |= other.low
        high |= other.high
        for range in other.ranges { insert(range) }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<64: low >> UInt64(scalar.value) & 1 == 1
        case ..<128: high >> UInt64(scalar.value - 64) & 1 == 1
        default: ranges.contains { $0.contains(scalar.value) }
        }
    }

    private func contains(ascii value: UInt32) -> Bool { Unicode.Scalar(value).map { contains($0) } ?? false }

    var inverted: ScalarSet {
        var set = ScalarSet()
        set.low = ~low
        set.high = ~high
        var next: UInt32 = 128
        for range in ranges {
            if range.lowerBound > next { set.ranges.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.last { set.ranges.append(next...Self.last) }
        return set
    }

    /// With the other case of each letter in it: of ASCII, and the two signs that fold into ASCII (K, ſ).
    var foldingCase: ScalarSet {
        var set = self
        for letter: UInt32 in 0x61...0x7a {
            let capital = letter - 0x20
            guard contains(ascii: letter) || contains(ascii: capital) else { continue }
            set.insert(letter...letter)
            set.insert(capital...capital)
            if letter == 0x6b { set.insert(0x212a...0x212a) }
            if letter == 0x73 { set.insert(0x17f...0x17f) }
        }
        return set
    }
}
