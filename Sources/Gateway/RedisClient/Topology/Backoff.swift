/// How long to wait before the next attempt: twice as long after each failure, within bounds, drawn from the upper half so
/// that many clients do not come back at once.
struct Backoff: Sendable {
    private let bounds: ClosedRange<Duration>
    private var next: Duration

    init(_ bounds: ClosedRange<Duration>) {
        self.bounds = bounds
        next = bounds.lowerBound
    }

    mutating func failed(using generator: inout some RandomNumberGenerator) -> Duration {
        let whole = next
        next = min(next * 2, bounds.upperBound)
        return whole * Double.random(in: 0.5...1, using: &generator)
    }

    mutating func succeeded() { next = bounds.lowerBound }
}
