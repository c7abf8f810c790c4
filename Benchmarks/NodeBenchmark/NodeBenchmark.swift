import Foundation

/// What `Benchmarks/run` measures of the node agent. Needs root; everything happens in network namespaces of its own.
@main
enum NodeBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let sizes = arguments.dropFirst().compactMap { Int($0) }
        switch arguments.first {
        case "services":
            try await ServicesBenchmark(sizes: sizes.isEmpty ? [1_000, 10_000, 30_000] : sizes).run()
        case "pods":
            try await PodsBenchmark().run()
        default:
            print("usage: NodeBenchmark services [NUMBER-OF-SERVICES ...] | pods")
        }
    }
}

/// A program's run, timed.
enum Command {
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    @discardableResult
    static func run(_ script: String, input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", script]
        let output = Pipe()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(input.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: "\(script): \(text.prefix(500))") }
        return text
    }
}

extension Duration {
    var milliseconds: Double { self / .milliseconds(1) }
}

func timed(_ body: () async throws -> Void) async rethrows -> Duration {
    let start = ContinuousClock.now
    try await body()
    return ContinuousClock.now - start
}

extension [Duration] {
    func percentile(_ share: Double) -> Duration {
        isEmpty ? .zero : sorted()[Swift.min(count - 1, Int(Double(count) * share))]
    }
}

func padded(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : String(repeating: " ", count: width - text.count) + text
}

func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
