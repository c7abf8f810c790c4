/// The tree of an expression.
indirect enum PatternNode {
    case characters(ScalarSet)
    case assertion(RegularExpression.Assertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repeated(PatternNode, least: Int, most: Int?, isLazy: Bool)
}

/// Writes the tree of an expression out as a program.
struct ProgramBuilder {
    typealias Failure = RegularExpression.Failure

    let maxSteps: Int
    private(set) var steps: [RegularExpression.Step] = []
    /// Nodes written out, empty ones too: `(()){1000}` makes no step and would still take forever when nested.
    private var nodes = 0

    init(maxSteps: Int) { self.maxSteps = maxSteps }

    mutating func emit(_ step: RegularExpression.Step) throws(Failure) {
        guard steps.count < maxSteps else { throw Failure(description: "too large: more than \(maxSteps) steps") }
        steps.append(step)
    }

    mutating func append(_ node: PatternNode) throws(Failure) {
        nodes += 1
        guard nodes <= 16 * maxSteps else {
            throw Failure(description: "too large: repetitions within repetitions")
        }
        switch node {
        case .characters(let set): try emit(.character(set))
        case .assertion(let assertion): try emit(.assert(assertion))
        case .sequence(let parts): for part in parts { try append(part) }
        case .alternatives(let options): try append(options: options)
        case .repeated(let part, let least, let most, let isLazy):
            try append(part, least: least, most: most, isLazy: isLazy)
        }
    }

    private mutating func append(options: [PatternNode]) throws(Failure) {
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

    private mutating func append(
        _ part: PatternNode, least: Int, most: Int?, isLazy: Bool
    ) throws(Failure) {
        func fork(_ inside: Int, _ outside: Int) -> RegularExpression.Step {
            isLazy ? .split(outside, inside) : .split(inside, outside)
        }
        for _ in 0..<least { try append(part) }
        guard let most else {
            let split = steps.count
            try emit(.jump(0))
            try append(part)
            try emit(.jump(split))
            steps[split] = fork(split + 1, steps.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<max(least, most) {
            splits.append(steps.count)
            try emit(.jump(0))
            try append(part)
        }
        for split in splits { steps[split] = fork(split + 1, steps.count) }
    }
}
