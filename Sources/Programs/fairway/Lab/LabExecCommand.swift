import ArgumentParser
import Foundation
import Lab

struct LabExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command inside a node, the client or a pod.",
        discussion: """
            The command sees the network of that place and this machine's files. A pod of another namespace than \
            `default` is `namespace/name`; `switch` or `router` is what joins the nodes.

            EXAMPLES
              fairway lab exec node-1 -- ip route
              fairway lab exec client -- curl -s http://172.18.0.11:30080/
              fairway lab exec web-5c9d7f6c4b-x2x8k -- ip address
            """)

    @Argument(help: "node-1, client, switch, router, or a pod's name.")
    var place: String

    @Argument(parsing: .postTerminator, help: "The command and its words, after `--`.")
    var command: [String] = []

    @OptionGroup var lab: LabOptions

    func validate() throws {
        if command.isEmpty { throw ValidationError("say what to run after `--`, such as: -- ip address") }
    }

    func run() async throws {
        let directory = URL(filePath: lab.stateDirectory).standardizedFileURL.path
        guard let record = try LabRecord.read(in: directory) else {
            throw ValidationError("there is no lab in \(lab.stateDirectory); `fairway lab up` makes one")
        }
        let holder = try record.holder(of: place, in: directory)
        setenv("KUBECONFIG", directory + "/kubeconfig", 1)
        // The command takes this process's place, so that signals and the terminal are its own.
        let entry = LabEntry(holder: holder)
        throw try entry.become(command)
    }
}
