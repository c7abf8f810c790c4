import ArgumentParser

struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Make a whole cluster on this machine out of network namespaces.",
        discussion: """
            Nodes that run the real agent, wires between them, a client outside, and pods: processes in namespaces of \
            their own, started through the real CNI program. Needs root, or a user namespace: `unshare -Urn`. \
            docs/lab.md tells more.

            EXAMPLES
              fairway lab up --nodes 2 --manifests Examples/lab
              fairway lab status
              fairway lab exec client -- curl -s http://172.18.0.11:30080/
              fairway lab down
            """,
        subcommands: [LabUpCommand.self, LabStatusCommand.self, LabExecCommand.self, LabDownCommand.self])
}

/// Which lab.
struct LabOptions: ParsableArguments {
    @Option(name: .customLong("state-dir"), help: "Where the lab keeps its kubeconfig, logs and what it needs to end.")
    var stateDirectory = ".fairway/lab"
}
