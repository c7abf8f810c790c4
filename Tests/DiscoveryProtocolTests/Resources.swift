import DiscoveryProtocol
import TrafficPlan

/// Resources whose bytes are text, one line per piece: `name|revision|references`. A revision that begins with `bad`
/// is refused by `ModelEnvoy`.
enum Sample {
    static func line(_ name: String, _ revision: String, _ references: Set<ResourceName>) -> [UInt8] {
        let names = references.map { "\($0.type.short)/\($0.name)" }.sorted().joined(separator: ",")
        return Array("\(name)|\(revision)|\(names)\n".utf8)
    }

    static func origin(_ name: String) -> Origin {
        Origin(kind: "Ingress", namespace: "shop", name: name)
    }

    static func resource(
        _ name: ResourceName, _ revision: String, _ references: Set<ResourceName> = []
    ) -> DiscoveryResource {
        DiscoveryResource(
            name: name, head: line(name.name, revision, references), references: references,
            origins: [origin(name.name)])
    }

    /// A cluster whose endpoints carry its name.
    static func cluster(_ name: String, _ revision: String = "1") -> DiscoveryResource {
        resource(ResourceName(.cluster, name), revision, [ResourceName(.clusterLoadAssignment, name)])
    }

    static func endpoints(_ name: String, _ revision: String = "1") -> DiscoveryResource {
        resource(ResourceName(.clusterLoadAssignment, name), revision)
    }

    static func listener(_ name: String, _ revision: String = "1", table: String) -> DiscoveryResource {
        resource(ResourceName(.listener, name), revision, [ResourceName(.routeConfiguration, table)])
    }

    static func table(_ name: String, _ revision: String = "1") -> DiscoveryResource {
        resource(ResourceName(.routeConfiguration, name), revision)
    }

    static func part(_ key: String, _ revision: String = "1", to clusters: String...) -> ResourcePart {
        part(key, revision, to: Set(clusters))
    }

    static func part(_ key: String, _ revision: String, to clusters: Set<String>) -> ResourcePart {
        let references = Set(clusters.map { ResourceName(.cluster, $0) })
        return ResourcePart(
            bytes: line(key, revision, references), references: references, origins: [origin(key)])
    }

    static func secret(_ name: String, _ revision: String = "1") -> DiscoveryResource {
        resource(ResourceName(.secret, name), revision)
    }
}

extension ResourceName {
    static func cluster(_ name: String) -> ResourceName { ResourceName(.cluster, name) }
    static func table(_ name: String) -> ResourceName { ResourceName(.routeConfiguration, name) }
}

extension ResourceType {
    var short: String {
        switch self {
        case .cluster: "cds"
        case .clusterLoadAssignment: "eds"
        case .secret: "sds"
        case .listener: "lds"
        case .routeConfiguration: "rds"
        }
    }
}
