import DiscoveryProtocol
import Metrics

/// What the server counts. Labels are few: the five types.
struct DiscoveryMetrics: Sendable {
    private struct PerType: Sendable {
        let responses: Counter
        let bytes: Counter
        let acknowledgements: Counter
        let refusals: Counter
    }

    private let types: [ResourceType: PerType]
    private let applied = Timer(label: "fairway_xds_publish_to_acknowledged")
    private let proxies = Gauge(label: "fairway_xds_connected_proxies")
    private let quarantined = Gauge(label: "fairway_xds_quarantined_pieces")

    init() {
        var types: [ResourceType: PerType] = [:]
        for type in ResourceType.allCases {
            let dimensions = [("type", type.shortName)]
            types[type] = PerType(
                responses: Counter(label: "fairway_xds_responses_total", dimensions: dimensions),
                bytes: Counter(label: "fairway_xds_response_bytes_total", dimensions: dimensions),
                acknowledgements: Counter(label: "fairway_xds_acks_total", dimensions: dimensions),
                refusals: Counter(label: "fairway_xds_nacks_total", dimensions: dimensions))
        }
        self.types = types
    }

    func sent(_ response: DeltaResponse) {
        types[response.type]?.responses.increment()
        types[response.type]?.bytes.increment(by: response.resources.reduce(0) { $0 + $1.bytes.count })
    }

    func answered(_ type: ResourceType, _ answer: ProxySession.OnRequest.Answer) {
        switch answer {
        case .acknowledged: types[type]?.acknowledgements.increment()
        case .refused: types[type]?.refusals.increment()
        }
    }

    /// Every proxy holds a change, so long after it was published.
    func applied(after duration: Duration) {
        let (seconds, attoseconds) = duration.components
        applied.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func status(_ status: FleetStatus) {
        proxies.record(status.proxies.count)
        quarantined.record(status.rejections.count)
    }
}

extension ResourceType {
    /// The discovery service of the type, as Envoy's users call it.
    var shortName: String {
        switch self {
        case .cluster: "cds"
        case .clusterLoadAssignment: "eds"
        case .secret: "sds"
        case .listener: "lds"
        case .routeConfiguration: "rds"
        }
    }
}
