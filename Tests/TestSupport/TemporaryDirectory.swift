import Foundation

/// A folder that goes with the test.
package func withTemporaryDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> Result
) async throws -> Result {
    let path = NSTemporaryDirectory() + "fairway-test-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover in /tmp harms no test.
    return try await body(path)
}
