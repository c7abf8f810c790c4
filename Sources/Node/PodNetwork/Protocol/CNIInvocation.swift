/// What one start of the CNI executable brought: its environment and its standard input, not looked at yet.
package struct CNIInvocation: Sendable {
    /// `CNI_COMMAND` and its companions.
    package var environment: [String: String]
    package var configuration: [UInt8]
    /// The process that asks, where known. Paths of namespaces are looked up as it sees them.
    package var caller: Int32?

    package init(environment: [String: String], configuration: [UInt8], caller: Int32? = nil) {
        self.environment = environment
        self.configuration = configuration
        self.caller = caller
    }
}

/// What the executable prints and how it exits.
package struct CNIAnswer: Sendable, Hashable {
    package var exitCode: Int32
    package var output: [UInt8]

    package init(exitCode: Int32, output: [UInt8]) {
        self.exitCode = exitCode
        self.output = output
    }
}

package enum CNIVerb: String, Sendable, CaseIterable {
    case add = "ADD"
    case delete = "DEL"
    case check = "CHECK"
    case collectGarbage = "GC"
    case status = "STATUS"
    case version = "VERSION"

    /// The version of the specification that brought it.
    var since: CNIVersion {
        switch self {
        case .add, .delete, .version: .v030
        case .check: .v040
        case .collectGarbage, .status: .v110
        }
    }

    /// Variables that must be set (specification, section 2).
    var required: [String] {
        switch self {
        case .add, .check: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"]
        case .delete: ["CNI_CONTAINERID", "CNI_IFNAME"]
        case .collectGarbage: ["CNI_PATH"]
        case .status, .version: []
        }
    }
}

/// Which interface of which container: the key of everything that we keep.
package struct AttachmentKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var container: String
    package var interface: String

    package init(container: String, interface: String) {
        self.container = container
        self.interface = interface
    }

    package static func < (a: AttachmentKey, b: AttachmentKey) -> Bool {
        (a.container, a.interface) < (b.container, b.interface)
    }

    package var description: String { "\(container)/\(interface)" }
}

/// An invocation whose every field has been looked at.
package struct CNIRequest: Sendable, Hashable {
    package var verb: CNIVerb
    /// Of ADD, CHECK and DEL.
    package var key: AttachmentKey?
    package var namespacePath: String?
    package var arguments: CNIArguments
    package var configuration: NetworkConfiguration
    package var caller: Int32?
}

extension CNIRequest {
    /// Checks the environment first, then the configuration, as the reference runtime library does.
    package init(_ invocation: CNIInvocation) throws(CNIError) {
        verb = try Self.verb(invocation.environment)
        let environment = invocation.environment.filter { !$0.value.isEmpty }
        let missing = verb.required.filter { environment[$0] == nil }
        guard missing.isEmpty else {
            throw CNIError(
                .invalidEnvironment,
                "\(verb.rawValue) needs the environment variables \(missing.joined(separator: ", "))")
        }
        key = try Self.key(environment, verb)
        namespacePath = environment["CNI_NETNS"]
        arguments = try CNIArguments(environment["CNI_ARGS"] ?? "")
        configuration = try NetworkConfiguration(parsing: invocation.configuration, for: verb)
        caller = invocation.caller
    }

    static func verb(_ environment: [String: String]) throws(CNIError) -> CNIVerb {
        guard let name = environment["CNI_COMMAND"], !name.isEmpty else {
            throw CNIError(.invalidEnvironment, "the environment variable CNI_COMMAND is missing")
        }
        guard let verb = CNIVerb(rawValue: name) else {
            let known = CNIVerb.allCases.map(\.rawValue).joined(separator: ", ")
            throw CNIError(.invalidEnvironment, "CNI_COMMAND is \"\(name.prefix(40))\", which is none of \(known)")
        }
        return verb
    }

    private static func key(_ environment: [String: String], _ verb: CNIVerb) throws(CNIError) -> AttachmentKey? {
        guard verb.required.contains("CNI_CONTAINERID"), let container = environment["CNI_CONTAINERID"],
            let interface = environment["CNI_IFNAME"]
        else { return nil }
        guard CNIName.isValid(container), container.utf8.count <= 256 else {
            throw CNIError(
                .invalidEnvironment,
                "CNI_CONTAINERID \"\(container.prefix(60))\" must begin with a letter or digit and go on with letters, digits, '_', '.' or '-'"
            )
        }
        guard CNIName.isValidInterface(interface) else {
            throw CNIError(
                .invalidEnvironment,
                "CNI_IFNAME \"\(interface.prefix(40))\" is no name of an interface: 1 to 15 characters without '/', ':' and spaces"
            )
        }
        return AttachmentKey(container: container, interface: interface)
    }
}

enum CNIName {
    /// The specification's pattern for network names and container IDs.
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first) else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    /// The kernel's rule (`dev_valid_name`).
    static func isValidInterface(_ name: String) -> Bool {
        (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }
}
