/// The namespaces of a lab, wired as its topology says.
struct LabNetwork: Sendable {
    let topology: LabTopology
    /// By name: the members, and the middle.
    let namespaces: [String: LabNamespace]

    /// Makes it for the time of `body`.
    static func with<Answer: Sendable>(
        _ topology: LabTopology, mark: LabMark, _ body: @escaping @Sendable (LabNetwork) async throws -> Answer
    ) async throws -> Answer {
        let names = topology.members.map(\.name) + [LabTopology.middleName]
        return try await held(names[...], [:], mark: mark) { namespaces in
            let network = LabNetwork(topology: topology, namespaces: namespaces)
            try await network.wire(mark: mark)
            return try await body(network)
        }
    }

    private static func held<Answer: Sendable>(
        _ names: ArraySlice<String>, _ namespaces: [String: LabNamespace], mark: LabMark,
        _ body: @escaping @Sendable ([String: LabNamespace]) async throws -> Answer
    ) async throws -> Answer {
        guard let name = names.first else { return try await body(namespaces) }
        return try await LabNamespace.with(mark: mark) { namespace in
            var namespaces = namespaces
            namespaces[name] = namespace
            return try await held(names.dropFirst(), namespaces, mark: mark, body)
        }
    }

    subscript(_ name: String) -> LabNamespace {
        get throws {
            guard let namespace = namespaces[name] else { throw LabError("the lab has no \(name)") }
            return namespace
        }
    }

    private func wire(mark: LabMark) async throws {
        let middle = try self[LabTopology.middleName]
        let pids = namespaces.mapValues(\.pid)
        try await Self.batch(topology.middleCommands { pids[$0] ?? 0 }, in: middle, mark: mark)
        if topology.shape == .routed {
            for file in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                let write = LabCommand("sh", ["-c", "echo 1 > /proc/sys/net/\(file)"], in: middle, mark: mark)
                guard try await write.collect().isSuccess else { throw LabError("cannot make the router forward") }
            }
        }
        for member in topology.members {
            try await Self.batch(topology.memberCommands(member), in: self[member.name], mark: mark)
        }
    }

    private static func batch(_ lines: [String], in namespace: LabNamespace, mark: LabMark) async throws {
        let command = LabCommand("ip", ["-batch", "-"], in: namespace, mark: mark)
        let outcome = try await command.collect(input: lines.joined(separator: "\n") + "\n")
        guard outcome.isSuccess else { throw LabError("cannot wire the lab: ip: \(outcome.errors)") }
    }
}
