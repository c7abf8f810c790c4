/// A regular expression over normalised paths and other short texts, in the part of RE2's syntax whose meaning we know exactly.
///
/// RE2 stays the judge in the proxy. This is the reference that `decide` uses, and the gate that keeps an expression
/// which RE2 would refuse away from it. Left out, and refused: `\p{…}`, `\C` and octal escapes. Look-around and
/// back-references do not exist in RE2.
///
/// Matching follows all threads at once (Thompson), so its time is length times program size whatever the expression.
package struct PathPattern: Sendable {
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// Longer expressions are refused.
    package static let maxLength = 1024
    /// Steps of the compiled program, counted repetitions written out. Each is up to about 15 of RE2's; the proxy
    /// needs `re2.max_program_size.error_level` to be 16,384 or more, for its own default is 100.
    package static let maxSteps = 1000
    static let maxDepth = 50

    let program: [Step]

    package init(_ text: String) throws(Failure) {
        guard text.utf8.count <= Self.maxLength else {
            throw Failure(description: "longer than \(Self.maxLength) bytes")
        }
        var parser = PathPatternParser(text)
        var builder = ProgramBuilder()
        try builder.append(try parser.parse())
        try builder.emit(.accept)
        program = builder.steps
    }

    enum Step: Sendable {
        case character(CharacterSet)
        case assert(Assertion)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case accept
    }

    enum Assertion: Sendable {
        case start
        case end
        case wordBoundary
        case noWordBoundary
    }

    /// Whether the whole of `text` matches.
    package func matches(_ text: String) -> Bool {
        let bytes = Self.units(of: text)
        var threads = Threads(count: program.count)
        add(0, to: &threads, at: 0, in: bytes)
        for (index, byte) in bytes.enumerated() {
            var next = Threads(count: program.count)
            for place in threads.places {
                if case .character(let set) = program[place], set.contains(byte) {
                    add(place + 1, to: &next, at: index + 1, in: bytes)
                }
            }
            guard !next.places.isEmpty else { return false }
            threads = next
        }
        return threads.places.contains { if case .accept = program[$0] { true } else { false } }
    }

    /// One unit a character: its ASCII code, or one that stands for all that lies outside ASCII.
    private static func units(of text: String) -> [UInt8] {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return Array(text.utf8) }
        return text.unicodeScalars.map { $0.isASCII ? UInt8($0.value) : 0xff }
    }

    private struct Threads {
        var places: [Int] = []
        var isKnown: [Bool]

        init(count: Int) { isKnown = Array(repeating: false, count: count) }
    }

    private func add(_ place: Int, to threads: inout Threads, at index: Int, in bytes: [UInt8]) {
        var pending = [place]
        while let place = pending.popLast() {
            guard !threads.isKnown[place] else { continue }
            threads.isKnown[place] = true
            switch program[place] {
            case .jump(let target): pending.append(target)
            case .split(let first, let second): pending.append(contentsOf: [second, first])
            case .assert(let assertion):
                if holds(assertion, at: index, in: bytes) { pending.append(place + 1) }
            case .character, .accept: threads.places.append(place)
            }
        }
    }

    private func holds(_ assertion: Assertion, at index: Int, in bytes: [UInt8]) -> Bool {
        func isWord(_ index: Int) -> Bool { bytes.indices.contains(index) && CharacterSet.word.contains(bytes[index]) }
        return switch assertion {
        case .start: index == 0
        case .end: index == bytes.count
        case .wordBoundary: isWord(index - 1) != isWord(index)
        case .noWordBoundary: isWord(index - 1) == isWord(index)
        }
    }
}

extension PathPattern {
    /// A set of ASCII characters, with or without all that lies outside ASCII: `[^a]` has it, and so has a set that
    /// names any of it. Normalised paths hold none of it.
    struct CharacterSet: Hashable, Sendable {
        private var low: UInt64 = 0
        private var high: UInt64 = 0
        private var hasOthers = false

        static let all = CharacterSet().inverted
        static let digit = CharacterSet(ranges: [0x30...0x39])
        static let word = CharacterSet(ranges: [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
        static let space = CharacterSet(ranges: [0x09...0x0a, 0x0c...0x0d, 0x20...0x20])

        init() {}

        init(ranges: [ClosedRange<UInt32>]) {
            for range in ranges { insert(range) }
        }

        mutating func insert(_ range: ClosedRange<UInt32>) {
            if range.upperBound >= 128 { hasOthers = true }
            guard range.lowerBound < 128 else { return }
            for value in range.lowerBound...min(range.upperBound, 127) {
                if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
            }
        }

        mutating func formUnion(_ other: CharacterSet) {
            low |= other.low
            high |= other.high
            hasOthers = hasOthers || other.hasOthers
        }

        func contains(_ byte: UInt8) -> Bool {
            switch byte {
            case ..<64: low >> UInt64(byte) & 1 == 1
            case ..<128: high >> UInt64(byte - 64) & 1 == 1
            default: hasOthers
            }
        }

        var inverted: CharacterSet {
            var set = CharacterSet()
            set.low = ~low
            set.high = ~high
            set.hasOthers = !hasOthers
            return set
        }

        /// With the other case of each letter in it.
        var foldingCase: CharacterSet {
            var set = self
            for letter in UInt8(ascii: "a")...UInt8(ascii: "z") {
                let capital = letter - 0x20
                if contains(letter) { set.insert(UInt32(capital)...UInt32(capital)) }
                if contains(capital) { set.insert(UInt32(letter)...UInt32(letter)) }
            }
            return set
        }
    }
}

/// Writes the tree of an expression out as a program.
private struct ProgramBuilder {
    var steps: [PathPattern.Step] = []
    /// Nodes written out, empty ones too: `(()){1000}` makes no step and would still take forever when nested.
    private var nodes = 0

    mutating func emit(_ step: PathPattern.Step) throws(PathPattern.Failure) {
        guard steps.count < PathPattern.maxSteps else {
            throw PathPattern.Failure(description: "too large: more than \(PathPattern.maxSteps) steps")
        }
        steps.append(step)
    }

    mutating func append(_ node: PathPatternNode) throws(PathPattern.Failure) {
        nodes += 1
        guard nodes <= 16 * PathPattern.maxSteps else {
            throw PathPattern.Failure(description: "too large: repetitions within repetitions")
        }
        switch node {
        case .characters(let set): try emit(.character(set))
        case .assertion(let assertion): try emit(.assert(assertion))
        case .sequence(let parts): for part in parts { try append(part) }
        case .alternatives(let options): try append(options: options)
        case .repeated(let part, let least, let most): try append(part, least: least, most: most)
        }
    }

    private mutating func append(options: [PathPatternNode]) throws(PathPattern.Failure) {
        var exits: [Int] = []
        for (index, option) in options.enumerated() {
            guard index < options.count - 1 else {
                try append(option)
                break
            }
            let split = steps.count
            try emit(.split(split + 1, 0))
            try append(option)
            exits.append(steps.count)
            try emit(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        for exit in exits { steps[exit] = .jump(steps.count) }
    }

    private mutating func append(_ part: PathPatternNode, least: Int, most: Int?) throws(PathPattern.Failure) {
        for _ in 0..<least { try append(part) }
        guard let most else {
            let split = steps.count
            try emit(.split(split + 1, 0))
            try append(part)
            try emit(.jump(split))
            steps[split] = .split(split + 1, steps.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<max(least, most) {
            splits.append(steps.count)
            try emit(.split(steps.count + 1, 0))
            try append(part)
        }
        for split in splits { steps[split] = .split(split + 1, steps.count) }
    }
}
