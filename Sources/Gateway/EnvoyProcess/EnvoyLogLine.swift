import Logging

/// A line that Envoy wrote to its standard error.
struct EnvoyLogLine: Equatable, Sendable {
    /// spdlog's pattern: level, logger, message.
    static let format = "[%l][%n] %v"

    var level: Logger.Level
    /// Envoy's name for the part of it that speaks, such as `config` or `upstream`.
    var component: String?
    var text: String

    /// A line of another shape, such as the C++ runtime's last words, is kept whole, as a warning.
    init(_ line: String) {
        let parts = line.split(separator: "]", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].first == "[", parts[1].first == "[",
            let level = Self.levels[String(parts[0].dropFirst())]
        else {
            self.init(level: .warning, component: nil, text: line)
            return
        }
        self.init(
            level: level, component: String(parts[1].dropFirst()), text: String(parts[2].drop { $0 == " " }))
    }

    init(level: Logger.Level, component: String?, text: String) {
        self.level = level
        self.component = component
        self.text = text
    }

    /// Envoy's "info" tells its inner steps on every update; for an operator of Fairway that is debugging.
    private static let levels: [String: Logger.Level] = [
        "trace": .trace, "debug": .trace, "info": .debug, "warning": .warning, "error": .error, "critical": .critical,
    ]
}

/// Cuts a stream of bytes into lines, whatever the borders of its chunks.
struct LineSplitter: Sendable {
    /// A longer line is cut there.
    var limit = 1 << 16
    private var pending: [UInt8] = []

    init(limit: Int = 1 << 16) {
        self.limit = limit
    }

    /// The lines that end within the chunk.
    mutating func received(_ chunk: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in chunk {
            if byte == UInt8(ascii: "\n") {
                lines.append(takePending())
            } else {
                pending.append(byte)
                if pending.count == limit { lines.append(takePending()) }
            }
        }
        return lines
    }

    /// The unfinished line at the end, if any.
    mutating func ended() -> String? { pending.isEmpty ? nil : takePending() }

    private mutating func takePending() -> String {
        defer { pending.removeAll(keepingCapacity: true) }
        return String(decoding: pending, as: UTF8.self)
    }
}
