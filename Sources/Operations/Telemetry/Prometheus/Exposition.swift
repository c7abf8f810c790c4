/// Prometheus' text format, version 0.0.4.
package enum Exposition {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Families by name, samples by labels: the same numbers always give the same text.
    package static func text(_ families: [MetricFamily]) -> String {
        var out = ""
        for family in families.sorted(by: { $0.name < $1.name }) {
            append(family, to: &out)
        }
        return out
    }

    private static func append(_ family: MetricFamily, to out: inout String) {
        if let help = family.help {
            out += "# HELP \(family.name) \(escaped(help, quotes: false))\n"
        }
        out += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        let lines = family.samples.map { (labels: text($0.labels), reading: $0.reading) }
        for line in lines.sorted(by: { $0.labels < $1.labels }) {
            switch line.reading {
            case .number(let value):
                out += "\(family.name)\(braced(line.labels)) \(text(value))\n"
            case .histogram(let histogram):
                append(histogram, name: family.name, labels: line.labels, to: &out)
            }
        }
    }

    private static func append(_ histogram: HistogramReading, name: String, labels: String, to out: inout String) {
        var cumulative: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
            cumulative += count
            let le = "le=\"\(text(bound))\""
            out += "\(name)_bucket\(braced(labels.isEmpty ? le : "\(labels),\(le)")) \(cumulative)\n"
        }
        out += "\(name)_sum\(braced(labels)) \(text(histogram.sum))\n"
        out += "\(name)_count\(braced(labels)) \(cumulative)\n"
    }

    private static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func text(_ labels: [MetricLabel]) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
    }

    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Up to 2^53 a whole number is exact, and reads better without a fraction.
        if value.rounded() == value, value.magnitude <= 9_007_199_254_740_992 { return "\(Int64(value))" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
