/// One metric name with its samples, as a scrape shows it: a value, cut loose from the counters it was read from.
package struct MetricFamily: Hashable, Sendable {
    /// What Prometheus calls the metric's type.
    package enum Kind: String, Hashable, Sendable {
        case counter
        case gauge
        case histogram
    }

    package struct Sample: Hashable, Sendable {
        /// In the order they are printed.
        package var labels: [MetricLabel]
        package var reading: Reading

        package init(labels: [MetricLabel] = [], reading: Reading) {
            self.labels = labels
            self.reading = reading
        }
    }

    package enum Reading: Hashable, Sendable {
        case number(Double)
        case histogram(HistogramReading)
    }

    package var name: String
    package var kind: Kind
    package var help: String?
    package var samples: [Sample]

    package init(name: String, kind: Kind, help: String? = nil, samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// A family of one sample without labels.
    package init(name: String, kind: Kind, help: String? = nil, value: Double) {
        self.init(name: name, kind: kind, help: help, samples: [Sample(reading: .number(value))])
    }
}

package struct MetricLabel: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

package struct HistogramReading: Hashable, Sendable {
    /// Upper bounds, ascending, without the last one, which is infinite.
    package var bounds: [Double]
    /// How many observations fell into each bucket alone (not cumulative); one more than `bounds`.
    package var counts: [UInt64]
    package var sum: Double
}
