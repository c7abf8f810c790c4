import CoreMetrics
import Synchronization

/// One line of a family (or one histogram): where numbers are added up between two scrapes.
protocol Series: AnyObject, Sendable {
    var reading: MetricFamily.Reading { get }
}

/// Whole and fractional increments may meet in one series; whole ones stay exact.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    private let whole = Atomic<Int64>(0)
    private let fractional = Mutex<Double>(0)

    var reading: MetricFamily.Reading {
        .number(Double(whole.load(ordering: .relaxed)) + fractional.withLock { $0 })
    }

    /// A counter never goes down: a negative amount is dropped.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(amount, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0 else { return }
        fractional.withLock { $0 += amount }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fractional.withLock { $0 = 0 }
    }
}

final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    private let value = Mutex<Double>(0)

    var reading: MetricFamily.Reading { .number(value.withLock { $0 }) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    private let state: Mutex<HistogramReading>

    init(bounds: [Double]) {
        state = Mutex(
            HistogramReading(bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    var reading: MetricFamily.Reading { .histogram(state.withLock { $0 }) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // One NaN would spoil the sum for good.
        guard !value.isNaN else { return }
        state.withLock { state in
            // Few and ascending: walking beats a binary search.
            let bucket = state.bounds.firstIndex { value <= $0 } ?? state.bounds.count
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
