/// Numbers from 0 to `count - 1` given out one by one. The next one follows the last one given, so that what was
/// released is not taken again at once.
struct AllocationPool: Sendable, Hashable {
    let count: Int
    /// Below this, numbers are given out only when asked for, or when there are no others (KEP-3070).
    let reserved: Int
    private(set) var taken: Set<Int> = []
    private var next: Int

    init(count: Int, reserved: Int, seed: Int) {
        self.count = max(0, count)
        self.reserved = reserved < count ? max(0, reserved) : 0
        let free = self.count - self.reserved
        next = self.reserved + (free > 0 ? Int(seed.magnitude % UInt(free)) : 0)
    }

    /// Takes a certain number; false if somebody has it.
    mutating func take(_ number: Int) -> Bool { taken.insert(number).inserted }

    /// Takes the next free number; `nil` when all are taken.
    mutating func take() -> Int? {
        guard taken.count < count else { return nil }
        let upper = (next..<count).first { !taken.contains($0) }
        let number = upper ?? (reserved..<max(reserved, next)).first { !taken.contains($0) }
        guard let number = number ?? (0..<reserved).first(where: { !taken.contains($0) }) else { return nil }
        taken.insert(number)
        if number >= reserved { next = number + 1 < count ? number + 1 : reserved }
        return number
    }

    mutating func release(_ number: Int) { taken.remove(number) }
}
