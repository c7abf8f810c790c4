import Foundation

/// A command of the lab: in a network namespace or in ours, with the lab's mark in its environment.
struct LabCommand: Sendable {
    var program: String
    var arguments: [String]
    var place: ProcessLife.Place
    var environment: [String: String]
    var workingDirectory: String?
    let mark: LabMark

    /// - Parameter namespace: where it runs; `nil` means ours.
    init(
        _ program: String, _ arguments: [String], in namespace: LabNamespace? = nil,
        environment: [String: String] = [:], workingDirectory: String? = nil, mark: LabMark
    ) {
        self.init(
            program, arguments, place: namespace.map { .namespace($0.path) } ?? .here, environment: environment,
            workingDirectory: workingDirectory, mark: mark)
    }

    init(
        _ program: String, _ arguments: [String], place: ProcessLife.Place, environment: [String: String] = [:],
        workingDirectory: String? = nil, mark: LabMark
    ) {
        self.program = program
        self.arguments = arguments
        self.place = place
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.mark = mark
    }

    struct Outcome: Sendable {
        var isSuccess: Bool
        var output: String
        var errors: String
    }

    private static let longestOutput = 4 << 20

    /// Runs to its end and collects what it says. Cancelling the task kills it.
    func collect(input: String = "") async throws -> Outcome {
        // Files, not pipes: neither side ever waits for the other.
        let files = try (ScratchFile(holding: input), ScratchFile(), ScratchFile())
        let code = try await ProcessLife().run(
            launch(input: files.0.descriptor, output: files.1.descriptor, errors: files.2.descriptor))
        return Outcome(
            isSuccess: code == 0, output: files.1.text(limit: Self.longestOutput),
            errors: files.2.text(limit: Self.longestOutput))
    }

    /// Runs to its end with both outputs appended to a file. Cancelling the task kills it.
    /// - Parameter started: told the process's number, as soon as it has one.
    /// - Returns: its exit code, or 128 and its signal.
    func run(log: String, started: @escaping @Sendable (Int32) -> Void = { _ in }) async throws -> Int32 {
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer {
            close(nothing)
            close(file)
        }
        guard nothing >= 0, file >= 0 else {
            throw LabError("cannot open \(log): \(String(cString: strerror(errno)))")
        }
        return try await ProcessLife().run(launch(input: nothing, output: file, errors: file), started: started)
    }

    private var inDirectory: [String] { workingDirectory.map { ["env", "--chdir=\($0)", "--"] } ?? [] }

    private func launch(input: Int32, output: Int32, errors: Int32) -> ProcessLife.Launch {
        var all = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        all[LabMark.variable] = mark.id
        return ProcessLife.Launch(
            place: place, words: inDirectory + [program] + arguments,
            environment: all.map { "\($0.key)=\($0.value)" }, descriptors: [input, output, errors])
    }
}

/// A file without a name.
final class ScratchFile: Sendable {
    let descriptor: Int32

    init(holding text: String = "") throws {
        var template = Array("/tmp/fairway-lab-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw LabError("cannot make a file in /tmp: \(String(cString: strerror(errno)))") }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw LabError("cannot write to /tmp: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func text(limit: Int) -> String {
        let size = min(max(0, Int(lseek(descriptor, 0, SEEK_END))), limit)
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
