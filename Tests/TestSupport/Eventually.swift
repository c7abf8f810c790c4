/// Waits for a condition with a deadline, asking it again every few milliseconds. Tests never sleep for a fixed time.
package func eventually(
    _ what: String, within timeout: Duration = .seconds(20), every interval: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    while true {
        if try await condition() { return }
        guard clock.now < deadline else { throw DeadlineExceeded(what: what, timeout: timeout) }
        try await clock.sleep(for: interval)
    }
}

/// The same for a value that may not be there yet.
package func eventually<Value>(
    _ what: String, within timeout: Duration = .seconds(20), every interval: Duration = .milliseconds(20),
    value: () async throws -> Value?
) async throws -> Value {
    var found: Value?
    try await eventually(what, within: timeout, every: interval) {
        found = try await value()
        return found != nil
    }
    guard let found else { throw DeadlineExceeded(what: what, timeout: timeout) }
    return found
}

package struct DeadlineExceeded: Error, CustomStringConvertible {
    package var what: String
    package var timeout: Duration
    package var description: String { "after \(timeout) still not: \(what)" }
}
