import ArgumentParser
import Foundation
import KubernetesClient
import Lab

struct LabStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a lab's nodes, pods and Services, and where they are.",
        discussion: """
            EXAMPLES
              fairway lab status
              KUBECONFIG=.fairway/lab/kubeconfig kubectl get nodes,pods,svc,endpointslices -o wide
            """)

    @OptionGroup var lab: LabOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        let directory = URL(filePath: lab.stateDirectory).standardizedFileURL.path
        guard let record = try LabRecord.read(in: directory) else {
            throw ValidationError("there is no lab in \(lab.stateDirectory); `fairway lab up` makes one")
        }
        guard record.owner?.isAlive == true else {
            throw ValidationError(
                "the lab in \(lab.stateDirectory) was killed; `fairway lab down` removes what is left of it")
        }
        let connection = try ClusterConnection.kubeconfig(
            path: directory + "/kubeconfig", environment: ProcessInfo.processInfo.environment)
        let client = try KubernetesClient(connection: connection, logger: log.logger("fairway.lab"))
        let text: Result<String, any Error>
        do {
            text = .success(try await LabStatus(record: record, client: client).text())
        } catch {
            text = .failure(error)
        }
        await client.shutdown()
        print(try text.get(), terminator: "")
    }
}
