package import Logging

/// How log lines look.
package enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-11-23T06:45:12.123Z info controller: Routes changed routes.added=3`
    case text
    /// One JSON object a line.
    case json
}

/// A logger that writes one line per event to standard error.
package func makeLogger(
    label: String, format: LogFormat, level: Logger.Level, sink: any LogSink = StandardErrorSink.shared
) -> Logger {
    Logger(label: label) { label in
        LineLogHandler(label: label, format: format, level: level, sink: sink)
    }
}
