/// One run of a program over one text.
struct PatternSearch {
    private struct Thread {
        var place: Int
        var start: Int
    }

    private let program: [RegularExpression.Step]
    private let scalars: [Unicode.Scalar]
    private var threads: [Thread] = []
    private var next: [Thread] = []
    /// Where each place was last seen: the position it was reached at, so that nothing need be cleared.
    private var seenAt: [Int]
    private var pending: [Int] = []

    init(_ program: [RegularExpression.Step], in scalars: [Unicode.Scalar]) {
        self.program = program
        self.scalars = scalars
        seenAt = Array(repeating: -1, count: program.count)
    }

    mutating func matchesWhole() -> Bool {
        add(0, start: 0, at: 0)
        for index in scalars.indices {
            swap(&threads, &next)
            next.removeAll(keepingCapacity: true)
            for thread in threads {
                if case .character(let set) = program[thread.place], set.contains(scalars[index]) {
                    add(thread.place + 1, start: 0, at: index + 1)
                }
            }
            if next.isEmpty { return false }
        }
        return next.contains { if case .accept = program[$0.place] { true } else { false } }
    }

    /// The first match that begins at `origin` or behind it. Threads stand in order of preference; one that accepts cuts
    /// off those behind it.
    mutating func first(from origin: Int, anyWillDo: Bool = false) -> Range<Int>? {
        seenAt = Array(repeating: -1, count: program.count)
        next.removeAll(keepingCapacity: true)
        var best: Range<Int>?
        var index = origin
        while true {
            if best == nil { add(0, start: index, at: index) }
            swap(&threads, &next)
            next.removeAll(keepingCapacity: true)
            for thread in threads {
                switch program[thread.place] {
                case .accept: best = thread.start..<index
                case .character(let set):
                    guard index < scalars.count, set.contains(scalars[index]) else { continue }
                    add(thread.place + 1, start: thread.start, at: index + 1)
                    continue
                case .assert, .split, .jump: continue
                }
                break
            }
            if best != nil, anyWillDo || next.isEmpty { return best }
            guard index < scalars.count else { return best }
            index += 1
        }
    }

    /// Adds the places that are reached from `place` without reading anything.
    private mutating func add(_ place: Int, start: Int, at index: Int) {
        pending.append(place)
        while let place = pending.popLast() {
            guard seenAt[place] != index else { continue }
            seenAt[place] = index
            switch program[place] {
            case .jump(let target): pending.append(target)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .assert(let assertion): if holds(assertion, at: index) { pending.append(place + 1) }
            case .character, .accept: next.append(Thread(place: place, start: start))
            }
        }
    }

    private func holds(_ assertion: RegularExpression.Assertion, at index: Int) -> Bool {
        func isWord(_ index: Int) -> Bool { scalars.indices.contains(index) && ScalarSet.word.contains(scalars[index]) }
        return switch assertion {
        case .start: index == 0
        case .end: index == scalars.count
        case .lineStart: index == 0 || scalars[index - 1] == "\n"
        case .lineEnd: index == scalars.count || scalars[index] == "\n"
        case .wordBoundary: isWord(index - 1) != isWord(index)
        case .noWordBoundary: isWord(index - 1) == isWord(index)
        }
    }
}
