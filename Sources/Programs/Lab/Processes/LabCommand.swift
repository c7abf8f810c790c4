import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A command of the lab: in a network namespace or in ours, with the lab's mark in its environment.
struct LabCommand: Sendable {
    var program: String
    var arguments: [String]
    /// A process whose network namespace the command runs in; `nil` means ours.
    var namespace: LabNamespace?
    var environment: [String: String] = [:]
    var workingDirectory: String?
    let mark: LabMark

    init(
        _ program: String, _ arguments: [String], in namespace: LabNamespace? = nil,
        environment: [String: String] = [:], workingDirectory: String? = nil, mark: LabMark
    ) {
        self.program = program
        self.arguments = arguments
        self.namespace = namespace
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.mark = mark
    }

    struct Outcome: Sendable {
        var isSuccess: Bool
        var output: String
        var errors: String
    }

    /// Runs to its end and collects what it says.
    func collect(input: String = "") async throws -> Outcome {
        let result = try await Subprocess.run(
            executable, arguments: Arguments(allArguments), environment: fullEnvironment,
            workingDirectory: workingDirectory.map { FilePath($0) }, platformOptions: options, input: .string(input),
            output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
        return Outcome(
            isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput, errors: result.standardError)
    }

    /// Runs to its end with both outputs appended to a file. Cancelling the task kills it.
    /// - Parameter started: told the process's number, as soon as it has one.
    /// - Returns: its exit code, or 128 and its signal.
    func run(log: String, started: @escaping @Sendable (Int32) -> Void = { _ in }) async throws -> Int32 {
        let file = try FileDescriptor.open(
            FilePath(log), .writeOnly, options: [.create, .append, .closeOnExec], permissions: .init(rawValue: 0o644))
        let result = try await Subprocess.run(
            executable, arguments: Arguments(allArguments), environment: fullEnvironment,
            workingDirectory: workingDirectory.map { FilePath($0) }, platformOptions: options, input: .none,
            output: .fileDescriptor(file, closeAfterSpawningProcess: true), error: .combinedWithOutput
        ) { execution in
            started(execution.processIdentifier.value)
        }
        return switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    private var executable: Executable {
        guard namespace == nil else { return .name("nsenter") }
        return program.contains("/") ? .path(FilePath(program)) : .name(program)
    }

    private var allArguments: [String] {
        namespace.map { ["--net=\($0.path)", "--", program] + arguments } ?? arguments
    }

    private var fullEnvironment: Environment {
        var values: [Environment.Key: String?] = [:]
        if let key = Environment.Key(rawValue: LabMark.variable) { values[key] = mark.id }
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        return .inherit.updating(values)
    }

    private var options: PlatformOptions {
        var options = PlatformOptions()
        // A session of its own: Ctrl-C in the terminal is for the lab, which ends its processes in its own order.
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .seconds(1))]
        return options
    }
}
