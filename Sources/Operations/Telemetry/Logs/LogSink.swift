import Glibc
import Synchronization

/// Takes finished lines, newline included.
package protocol LogSink: Sendable {
    func write(_ line: String)
}

/// Standard error; lines of several threads never mix.
package final class StandardErrorSink: LogSink {
    package static let shared = StandardErrorSink()

    private let lock = Mutex(())

    private init() {}

    package func write(_ line: String) {
        var line = line
        lock.withLock { _ in
            line.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let written = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                    if written < 0 && errno == EINTR { continue }
                    // Nobody reads any more, or the disk is full: there is no better place to say so.
                    guard written > 0 else { return }
                    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                }
            }
        }
    }
}
