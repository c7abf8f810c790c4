import DiscoveryProtocol

/// What Envoy does with delta discovery, as far as order matters: it asks for endpoints and route tables by name, warms
/// new and changed clusters until their endpoints come, refuses lines that begin with `bad`, and notes every moment at
/// which a request would have met a missing or cold cluster.
struct ModelEnvoy {
    struct Line: Hashable {
        var name: String
        var revision: String
        var references: [String]
    }

    private(set) var clusters: [String: Line] = [:]
    /// Clusters that wait for endpoints; a changed one serves in its old form meanwhile.
    private(set) var warming: [String: Line] = [:]
    private(set) var endpoints: [String: Line] = [:]
    private(set) var listeners: [String: Line] = [:]
    private(set) var tables: [String: [String: Line]] = [:]
    private(set) var tableHeads: [String: Line] = [:]
    private(set) var violations: [String] = []
    private(set) var refusals = 0
    private var versions: [ResourceType: [String: String]] = [:]
    private var subscribed: [ResourceType: Set<String>] = [:]
    private var started: Set<ResourceType> = []
    /// Clusters that routes may refer to although they are missing, because Envoy refuses them.
    var mayMiss: Set<String> = []

    /// The first requests on a stream.
    mutating func connect(id: String, version: String = "1.40.0") -> [DeltaRequest] {
        started = []
        let node = NodeIdentity(id: id, version: version)
        var requests = [ResourceType.cluster, .listener].map { first($0, node: node) }
        for type in [ResourceType.clusterLoadAssignment, .routeConfiguration]
        where !subscribed[type, default: []].isEmpty {
            requests.append(first(type, node: node))
        }
        return requests
    }

    private mutating func first(_ type: ResourceType, node: NodeIdentity?) -> DeltaRequest {
        started.insert(type)
        return DeltaRequest(
            type, node: node, subscribe: subscribed[type, default: []].sorted(),
            initialVersions: versions[type, default: [:]])
    }

    /// Takes a response and gives the requests that follow from it, the answer first.
    mutating func receive(_ response: DeltaResponse) -> [DeltaRequest] {
        var fault: String?
        for name in response.removed { remove(name, response.type) }
        for resource in response.resources {
            let lines = Self.lines(resource.bytes)
            if let bad = lines.first(where: { $0.revision.hasPrefix("bad") }) {
                fault = "cannot take \(bad.name): not good"
                continue
            }
            apply(resource.name, lines, response.type)
            versions[response.type, default: [:]][resource.name] = resource.version
        }
        checkRoutes("after \(response.type.short) \(response.nonce)")
        if fault != nil { refusals += 1 }
        return [DeltaRequest(response.type, nonce: response.nonce, refusal: fault)] + interest()
    }

    private mutating func apply(_ name: String, _ lines: [Line], _ type: ResourceType) {
        guard let head = lines.first else { return }
        switch type {
        case .cluster:
            // While a form is warming, only an equal one is no news (envoyproxy/envoy#14598).
            if (warming[name] ?? clusters[name]) != head { warming[name] = head }
        case .clusterLoadAssignment:
            endpoints[name] = head
            if let cluster = warming.removeValue(forKey: name) { clusters[name] = cluster }
        case .listener:
            listeners[name] = head
        case .routeConfiguration:
            tableHeads[name] = head
            tables[name] = Dictionary(uniqueKeysWithValues: lines.dropFirst().map { ($0.name, $0) })
        case .secret:
            break
        }
    }

    private mutating func remove(_ name: String, _ type: ResourceType) {
        versions[type]?[name] = nil
        switch type {
        case .cluster:
            clusters[name] = nil
            warming[name] = nil
        case .clusterLoadAssignment: endpoints[name] = nil
        case .listener: listeners[name] = nil
        case .routeConfiguration:
            tables[name] = nil
            tableHeads[name] = nil
        case .secret: break
        }
    }

    /// Subscriptions follow from what is held: endpoints of clusters, tables of listeners.
    private mutating func interest() -> [DeltaRequest] {
        let wanted: [(ResourceType, Set<String>)] = [
            (.clusterLoadAssignment, Set(clusters.keys).union(warming.keys)),
            (
                .routeConfiguration,
                Set(
                    listeners.values.flatMap(\.references).filter { $0.hasPrefix("rds/") }.map {
                        String($0.dropFirst(4))
                    })
            ),
        ]
        var requests: [DeltaRequest] = []
        for (type, names) in wanted {
            let old = subscribed[type, default: []]
            let (added, dropped) = (names.subtracting(old), old.subtracting(names))
            guard !added.isEmpty || !dropped.isEmpty else { continue }
            subscribed[type] = names
            for name in dropped { remove(name, type) }
            if started.contains(type) {
                requests.append(DeltaRequest(type, subscribe: added.sorted(), unsubscribe: dropped.sorted()))
            } else {
                requests.append(first(type, node: nil))
            }
        }
        return requests
    }

    private mutating func checkRoutes(_ moment: String) {
        for (table, parts) in tables {
            for part in parts.values {
                for reference in part.references.map({ String($0.dropFirst(4)) })
                where clusters[reference] == nil && !mayMiss.contains(reference) {
                    let state = warming[reference] == nil ? "missing" : "cold"
                    violations.append("\(moment): \(table) \(part.name) refers to \(state) \(reference)")
                }
            }
        }
    }

    static func lines(_ bytes: [UInt8]) -> [Line] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { text in
            let fields = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            let references = fields[2].split(separator: ",").map(String.init)
            return Line(name: fields[0], revision: fields[1], references: references)
        }
    }
}
