import Synchronization
import Telemetry

/// Keeps the lines for a test to look at.
final class MemorySink: LogSink {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func write(_ line: String) { lines.withLock { $0.append(line) } }
}
