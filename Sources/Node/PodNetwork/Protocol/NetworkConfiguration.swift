package import KubernetesModel

/// The configuration on standard input: what the administrator wrote for this network and what the runtime added to it.
package struct NetworkConfiguration: Sendable, Hashable {
    package var version: CNIVersion
    /// The network's name, the same in all plugins of a list.
    package var name: String
    /// Overrides the node's own choice.
    package var mtu: Int?
    /// Passed through to the result.
    package var dns: JSONValue?
    package var wants: RuntimeWants
    /// What the plugin before us answered (ADD), or the whole list's last ADD did (CHECK, DEL).
    package var previousResult: PreviousResult?
    /// GC: what the runtime still knows. `nil` where the runtime sent no list.
    package var validAttachments: Set<AttachmentKey>?

    /// Bytes of a configuration that are looked at; runtimes send a few KiB.
    package static let maximumSize = 1 << 20
}

extension NetworkConfiguration {
    package init(parsing bytes: [UInt8], for verb: CNIVerb) throws(CNIError) {
        let document = try Self.document(bytes)
        version = try Self.version(of: document, for: verb)
        guard verb != .version else {
            (name, wants) = ("", RuntimeWants())
            return
        }
        name = try ConfigurationReader(document).text("name") ?? ""
        guard CNIName.isValid(name) else {
            throw CNIError(
                .invalidConfiguration,
                name.isEmpty
                    ? "the configuration has no \"name\"" : "the network's name \"\(name.prefix(60))\" is not valid")
        }
        mtu = try ConfigurationReader(document).integer("mtu", in: 0...65535).flatMap { $0 == 0 ? nil : $0 }
        dns = document["dns"]
        wants = try RuntimeWants(document)
        // DEL must work without, and with one that makes no sense: it is the last verb that a container sees.
        if verb == .check || verb == .add, let previous = document["prevResult"], !previous.isNull {
            previousResult = try PreviousResult(previous)
        }
        if verb == .collectGarbage { validAttachments = try Self.attachments(document) }
    }

    /// The version to answer in, also where nothing else of the configuration can be read.
    package static func answerVersion(_ bytes: [UInt8]) -> String {
        guard bytes.count <= maximumSize, let document = try? JSONValue(parsing: bytes) else {
            return CNIVersion.latest.rawValue
        }
        return document["cniVersion"]?.string.map { String($0.prefix(32)) } ?? CNIVersion.latest.rawValue
    }

    private static func document(_ bytes: [UInt8]) throws(CNIError) -> JSONValue {
        guard bytes.count <= maximumSize else {
            throw CNIError(.decodingFailure, "the configuration is longer than 1 MiB")
        }
        let document: JSONValue
        do {
            document = try JSONValue(parsing: bytes)
        } catch {
            throw CNIError(.decodingFailure, "the configuration on standard input cannot be read", details: "\(error)")
        }
        guard document.object != nil else {
            throw CNIError(.decodingFailure, "the configuration on standard input is no JSON object")
        }
        return document
    }

    private static func version(of document: JSONValue, for verb: CNIVerb) throws(CNIError) -> CNIVersion {
        // A configuration without a version means 0.1.0 by the specification, which nobody should use any more.
        let text = try ConfigurationReader(document).text("cniVersion") ?? (verb == .version ? "1.1.0" : "0.1.0")
        if verb == .version { return CNIVersion(rawValue: text) ?? .latest }
        let supported = CNIVersion.allCases.map(\.rawValue).joined(separator: ", ")
        guard let version = CNIVersion(rawValue: text) else {
            throw CNIError(
                .incompatibleVersion, "cniVersion \"\(text.prefix(32))\" is not supported",
                details: "supported are \(supported)")
        }
        guard version >= verb.since else {
            throw CNIError(
                .incompatibleVersion, "cniVersion \(text) does not know \(verb.rawValue)",
                details: "it came with \(verb.since.rawValue)")
        }
        return version
    }

    /// The reference library sends the list under both names; the second is its own old mistake.
    private static func attachments(_ document: JSONValue) throws(CNIError) -> Set<AttachmentKey>? {
        guard let list = document["cni.dev/valid-attachments"] ?? document["cni.dev/attachments"] else { return nil }
        // How the reference library writes an empty list.
        if list.isNull { return [] }
        guard let items = list.array else {
            throw CNIError(.invalidConfiguration, "\"cni.dev/valid-attachments\" is no list")
        }
        var found: Set<AttachmentKey> = []
        for item in items {
            guard let container = item["containerID"]?.string, let interface = item["ifname"]?.string else {
                throw CNIError(
                    .invalidConfiguration,
                    "an entry of \"cni.dev/valid-attachments\" has no \"containerID\" or no \"ifname\"")
            }
            found.insert(AttachmentKey(container: container, interface: interface))
        }
        return found
    }
}

/// Typed access to a JSON object, with errors that name the field.
struct ConfigurationReader {
    let object: JSONValue
    let path: String

    init(_ object: JSONValue, path: String = "") {
        self.object = object
        self.path = path
    }

    func text(_ key: String) throws(CNIError) -> String? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let text = value.string else { throw wrong(key, "a text") }
        return text
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(CNIError) -> Int? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let number = value.integer, let number = Int(exactly: number), range.contains(number) else {
            throw wrong(key, "a number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    func list(_ key: String) throws(CNIError) -> [JSONValue] {
        guard let value = object[key], !value.isNull else { return [] }
        guard let list = value.array else { throw wrong(key, "a list") }
        return list
    }

    func wrong(_ key: String, _ what: String) -> CNIError {
        CNIError(.invalidConfiguration, "the configuration's \"\(path)\(key)\" is not \(what)")
    }
}
