import ArgumentParser
import Foundation
import Lab

struct LabDownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "End a lab and remove everything it made, also when its `up` was killed.",
        discussion: """
            Processes, namespaces and links go; the logs of agents and pods stay in the state directory until the next \
            `up`.

            EXAMPLES
              fairway lab down
              fairway lab down --state-dir /tmp/lab
            """)

    @OptionGroup var lab: LabOptions

    func run() async throws {
        let directory = URL(filePath: lab.stateDirectory).standardizedFileURL.path
        guard let record = try LabRecord.read(in: directory) else {
            say("there is no lab in \(lab.stateDirectory)")
            return
        }
        if let owner = record.owner, owner.isAlive {
            kill(owner.pid, SIGTERM)
            let deadline = ContinuousClock.now + .seconds(10)
            while owner.isAlive, .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            if owner.isAlive { kill(owner.pid, SIGKILL) }
        }
        // What is left: all of it, when `up` was killed.
        let left = record.remove(in: directory)
        guard left.isEmpty else {
            throw ValidationError(
                "these processes of the lab do not end: \(left.map(String.init).joined(separator: " "))")
        }
        say("the lab in \(lab.stateDirectory) is gone")
    }
}
