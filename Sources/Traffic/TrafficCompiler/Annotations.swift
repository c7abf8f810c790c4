import TrafficPlan

/// The annotations of ours, `fairway.dev/…`.
///
/// On an Ingress: `https-redirect` (`true` or `false`), `request-timeout` and `idle-timeout` (`500ms`, `30s`, `5m`, `1h`,
/// or `0` for none). On a Service: `upstream-ca-secret`, `upstream-server-name`.
struct Annotations {
    static let prefix = "fairway.dev/"
    static let httpsRedirect = "https-redirect"
    static let requestTimeout = "request-timeout"
    static let idleTimeout = "idle-timeout"
    static let upstreamCASecret = "upstream-ca-secret"
    static let upstreamServerName = "upstream-server-name"

    /// Longer values are refused unread.
    static let maxLength = 1024

    private let values: [String: String]
    private let origin: Origin
    private(set) var diagnostics: [Diagnostic] = []

    /// - Parameter known: those that this kind of object has; others of ours are told as unknown.
    init(_ annotations: [String: String]?, known: Set<String>, origin: Origin) {
        self.origin = origin
        var values: [String: String] = [:]
        for (name, value) in annotations ?? [:] where name.hasPrefix(Self.prefix) {
            let key = String(name.dropFirst(Self.prefix.count))
            if known.contains(key), value.utf8.count <= Self.maxLength {
                values[key] = value
            } else if known.contains(key) {
                diagnostics.append(
                    Diagnostic(
                        .warning, .tooLarge, at: origin.at(Self.field(key)),
                        "the value is longer than \(Self.maxLength) bytes and is ignored"))
            } else {
                let names = known.sorted().joined(separator: ", ")
                diagnostics.append(
                    Diagnostic(
                        .warning, .unknownAnnotation, at: origin.at(Self.field(key.clipped)),
                        "there is no such annotation; known here: \(names)"))
            }
        }
        self.values = values
        diagnostics.sort()
    }

    static func field(_ key: String) -> String { "metadata.annotations[\(prefix)\(key)]" }

    func text(_ key: String) -> String? { values[key] }

    mutating func boolean(_ key: String) -> Bool? {
        switch values[key] {
        case nil: return nil
        case "true": return true
        case "false": return false
        case .some(let text):
            refuse(key, "\"\(text.clipped)\" is neither true nor false")
            return nil
        }
    }

    /// `.some(nil)` is an explicit "no limit".
    mutating func duration(_ key: String) -> Duration?? {
        guard let text = values[key] else { return .none }
        guard let duration = Self.duration(text) else {
            refuse(key, "\"\(text.clipped)\" is no duration; write 500ms, 30s, 5m, 1h, or 0 for no limit")
            return .none
        }
        return .some(duration == .zero ? nil : duration)
    }

    mutating func refuse(_ key: String, _ message: String) {
        diagnostics.append(
            Diagnostic(.warning, .invalidAnnotation, at: origin.at(Self.field(key)), message + "; it is ignored"))
    }

    /// A whole number with a unit, at most a year.
    static func duration(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard digits.utf8.count <= 10, let number = Int64(digits) else { return nil }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "ms": unit = 1
        case "s": unit = 1000
        case "m": unit = 60_000
        case "h": unit = 3_600_000
        default: return nil
        }
        let (milliseconds, overflows) = number.multipliedReportingOverflow(by: unit)
        guard !overflows, milliseconds <= 366 * 86_400_000 else { return nil }
        return .milliseconds(milliseconds)
    }
}
