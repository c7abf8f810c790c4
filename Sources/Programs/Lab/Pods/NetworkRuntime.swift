import Foundation
import KubernetesModel

/// What a container runtime does of CNI: finds the node's network configuration, and calls its plugins' executables
/// with the pod's namespace (CNI specification 1.1, section 3).
struct NetworkRuntime: Sendable {
    struct Attachment: Sendable, Hashable {
        var containerID: String
        var pod: ObjectName
        var uid: String
        /// `nil` when the namespace is gone, which only DEL may say.
        var namespacePath: String?
        var hostPorts: [JSONValue] = []

        /// What a runtime tells the plugins about the pod.
        var arguments: String {
            "IgnoreUnknown=1;K8S_POD_NAMESPACE=\(pod.namespace);K8S_POD_NAME=\(pod.name);"
                + "K8S_POD_INFRA_CONTAINER_ID=\(containerID);K8S_POD_UID=\(uid)"
        }
    }

    struct Failure: Error, CustomStringConvertible {
        /// The specification's code; 11 means try again.
        var code: Int64?
        var description: String
    }

    let configurationDirectory: String
    let programDirectory: String
    let node: LabNamespace
    let mark: LabMark

    /// The lexically first configuration, as containerd and CRI-O choose it; `nil` while there is none.
    func configuration() -> JSONValue? {
        // No such folder yet: no configuration yet.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: configurationDirectory)) ?? []
        let usable = names.filter { name in [".conflist", ".conf", ".json"].contains { name.hasSuffix($0) } }
        guard let name = usable.min(),
            let data = FileManager.default.contents(atPath: "\(configurationDirectory)/\(name)"),
            let parsed = try? JSONValue(parsing: data)  // Half written: read again in a moment.
        else { return nil }
        guard parsed["plugins"] == nil else { return parsed }
        var list: JSONValue = ["plugins": [parsed]]
        for key in ["name", "cniVersion"] { list[key] = parsed[key] }
        return list
    }

    /// Addresses of the pod, in the order of the result.
    func add(_ attachment: Attachment) async throws -> [String] {
        guard let list = configuration() else {
            throw Failure(code: 11, description: "no network configuration in \(configurationDirectory)")
        }
        var result: JSONValue?
        for plugin in list["plugins"]?.array ?? [] {
            result = try await call("ADD", plugin, of: list, attachment, previous: result)
        }
        return (result?["ips"]?.array ?? []).compactMap { address in
            address["address"]?.string?.split(separator: "/").first.map(String.init)
        }
    }

    func delete(_ attachment: Attachment) async throws {
        guard let list = configuration() else { return }
        for plugin in (list["plugins"]?.array ?? []).reversed() {
            _ = try await call("DEL", plugin, of: list, attachment, previous: nil)
        }
    }

    /// Whether pods can be added, in the plugins' own words; asked as containerd does, for configurations of 1.1.
    func status() async throws {
        guard let list = configuration() else {
            throw Failure(code: 50, description: "no network configuration in \(configurationDirectory)")
        }
        guard list["cniVersion"]?.string?.hasPrefix("1.1") == true else { return }
        for plugin in list["plugins"]?.array ?? [] {
            _ = try await call("STATUS", plugin, of: list, nil, previous: nil)
        }
    }

    private func call(
        _ verb: String, _ plugin: JSONValue, of list: JSONValue, _ attachment: Attachment?, previous: JSONValue?
    ) async throws -> JSONValue? {
        let program = "\(programDirectory)/\(plugin["type"]?.string ?? "")"
        var environment = ["CNI_COMMAND": verb, "CNI_PATH": programDirectory]
        if let attachment {
            environment["CNI_CONTAINERID"] = attachment.containerID
            environment["CNI_IFNAME"] = "eth0"
            environment["CNI_ARGS"] = attachment.arguments
            environment["CNI_NETNS"] = attachment.namespacePath ?? ""
        }
        let command = LabCommand(program, [], in: node, environment: environment, mark: mark)
        let input = Self.input(plugin, of: list, attachment, previous: previous)
        let outcome = try await command.collect(input: String(decoding: input.serialized(), as: UTF8.self))
        let answer = outcome.output.isEmpty ? nil : try? JSONValue(parsing: Data(outcome.output.utf8))
        guard outcome.isSuccess else {
            let words = [answer?["msg"]?.string, answer?["details"]?.string].compactMap(\.self).joined(separator: ": ")
            let said = words.isEmpty ? outcome.output + outcome.errors : words
            throw Failure(code: answer?["code"]?.integer, description: "\(program) \(verb): \(said)")
        }
        return answer
    }

    private static func input(
        _ plugin: JSONValue, of list: JSONValue, _ attachment: Attachment?, previous: JSONValue?
    ) -> JSONValue {
        var input = plugin
        input["name"] = list["name"]
        input["cniVersion"] = list["cniVersion"]
        input["prevResult"] = previous
        if plugin["capabilities"]?["portMappings"] == true, let ports = attachment?.hostPorts, !ports.isEmpty {
            input["runtimeConfig"] = ["portMappings": .array(ports)]
        }
        input["capabilities"] = nil
        return input
    }
}
