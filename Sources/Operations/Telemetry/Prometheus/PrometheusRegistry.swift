package import CoreMetrics
package import Logging
import Synchronization

/// Keeps what the program counts through swift-metrics, and shows it as Prometheus text.
///
/// Series are interned: the same label and dimensions give the same series. A name keeps the kind and the label names
/// it was first used with; a second use that differs is logged once and counts nowhere, since Prometheus would refuse
/// the whole scrape.
package final class PrometheusRegistry: MetricsFactory {
    /// Reads families that exist only at scrape time, such as the process's memory.
    package typealias Collector = @Sendable () -> [MetricFamily]

    /// Seconds, from half a millisecond to a minute.
    package static let durationBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// For counts and sizes: powers of four, up to 16 million.
    package static let sizeBounds: [Double] = (0...12).map { Double(1 << (2 * $0)) }

    private struct Family {
        var kind: MetricFamily.Kind
        var labelNames: [String]
        var series: [[MetricLabel]: any Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
        var bounds: [String: [Double]] = [:]
        var collectors: [Collector] = []
        var refused: Set<String> = []
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let seriesLimit: Int

    /// - Parameter seriesLimit: Most series of one family; those beyond are logged once and dropped, so that a label
    ///   with unbounded values cannot eat the memory.
    package init(logger: Logger, seriesLimit: Int = 10_000) {
        self.logger = logger
        self.seriesLimit = seriesLimit
    }

    /// Sets the `# HELP` of a family, by the name it is exported under.
    package func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[name] = help }
    }

    /// Sets a histogram's upper bounds, by the name it is exported under; say it before the first use.
    package func setBounds(_ bounds: [Double], for name: String) {
        state.withLock { $0.bounds[name] = bounds.sorted() }
    }

    package func addCollector(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// The text of a scrape. Holds no lock while it reads the series and writes the text.
    package func text() -> String { Exposition.text(snapshot()) }

    package func snapshot() -> [MetricFamily] {
        let (families, help, collectors) = state.withLock { ($0.families, $0.help, $0.collectors) }
        let own = families.map { name, family in
            MetricFamily(
                name: name, kind: family.kind, help: help[name],
                samples: family.series.map { MetricFamily.Sample(labels: $0.key, reading: $0.value.reading) })
        }
        return own + collectors.flatMap { $0() }
    }
}

extension PrometheusRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(MetricName.counter(label), .counter, dimensions) { _ in CounterSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(MetricName.counter(label), .counter, dimensions) { _ in CounterSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(MetricName.sanitized(label), .gauge, dimensions) { _ in GaugeSeries() } ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        let name = MetricName.sanitized(label)
        guard aggregate else {
            return series(name, .gauge, dimensions) { _ in GaugeSeries() } ?? NOOPMetricsHandler.instance
        }
        let made = series(name, .histogram, dimensions) { HistogramSeries(bounds: $0 ?? Self.sizeBounds) }
        return made ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let made = series(MetricName.timer(label), .histogram, dimensions) {
            HistogramSeries(bounds: $0 ?? Self.durationBounds)
        }
        return made ?? NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    private func destroy(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let key = family.series.first(where: { $0.value === handler })?.key else { continue }
                state.families[name]?.series[key] = nil
                if state.families[name]?.series.isEmpty == true { state.families[name] = nil }
                return
            }
        }
    }

    /// The series of that name and dimensions, made if need be; `nil` when it would contradict its family.
    private func series<Wanted: Series>(
        _ name: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)],
        make: ([Double]?) -> Wanted
    ) -> Wanted? {
        let labels = dimensions.map { MetricLabel(MetricName.sanitizedLabel($0.0), $0.1) }
            .sorted { $0.name < $1.name }
        let labelNames = labels.map(\.name)
        let outcome: Result<Wanted, Refusal> = state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind, labelNames: labelNames)
            if let refusal = refusal(of: kind, labelNames, in: family) { return .failure(refusal) }
            if let existing = family.series[labels] {
                return (existing as? Wanted).map(Result.success) ?? .failure(.otherKind(family.kind))
            }
            guard family.series.count < seriesLimit else { return .failure(.tooMany) }
            let made = make(state.bounds[name])
            family.series[labels] = made
            state.families[name] = family
            return .success(made)
        }
        switch outcome {
        case .success(let series): return series
        case .failure(let refusal):
            logOnce(refusal, name: name)
            return nil
        }
    }

    private enum Refusal: Error {
        case otherKind(MetricFamily.Kind)
        case otherLabels([String])
        case invalidLabels
        case tooMany
    }

    private func refusal(of kind: MetricFamily.Kind, _ labelNames: [String], in family: Family) -> Refusal? {
        if family.kind != kind { return .otherKind(family.kind) }
        if family.labelNames != labelNames { return .otherLabels(family.labelNames) }
        if Set(labelNames).count != labelNames.count || (kind == .histogram && labelNames.contains("le")) {
            return .invalidLabels
        }
        return nil
    }

    private func logOnce(_ refusal: Refusal, name: String) {
        guard state.withLock({ $0.refused.insert(name).inserted }) else { return }
        let reason =
            switch refusal {
            case .otherKind(let kind): "it is in use as a \(kind.rawValue)"
            case .otherLabels(let names): "it is in use with the labels [\(names.joined(separator: ", "))]"
            case .invalidLabels: "its labels repeat, or use the reserved name le"
            case .tooMany: "it has \(seriesLimit) series already"
            }
        logger.warning("Metric refused", metadata: ["metric.name": "\(name)", "reason": "\(reason)"])
    }
}
