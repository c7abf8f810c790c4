import ArgumentParser

@main
struct FairwayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fairway",
        abstract: "The way into a Kubernetes cluster: from a public address to a pod.",
        discussion: """
            On a laptop, `fairway up` runs a local Kubernetes API, the ingress controller and Envoy, and serves the \
            manifests you name. `fairway controller` does the same against any Kubernetes API server.

            EXAMPLES
              fairway up Examples/hello
              fairway routes
              fairway explain http://hello.fairway.localhost:8080/v2
            """,
        version: FairwayVersion.text,
        subcommands: [
            UpCommand.self, ControllerCommand.self, APICommand.self, RateLimitCommand.self, NodeCommand.self,
            RoutesCommand.self, LimitsCommand.self, ExplainCommand.self, LintCommand.self, DefinitionsCommand.self,
            EchoCommand.self, LabCommand.self,
        ])
}

enum FairwayVersion {
    static let text = "0.1.0"
}
