import DiscoveryProtocol
import Testing

/// The protocol with model proxies around it; every message waits until the test lets it pass.
struct Harness {
    var fleet: FleetDiscovery
    var now: Duration = .zero
    var proxies: [String: Proxy] = [:]

    struct Proxy {
        var envoy = ModelEnvoy()
        var session: SessionID?
        var toProxy: [DeltaResponse] = []
        var toServer: [DeltaRequest] = []
        var outstanding: [ResourceType: Int] = [:]
        var log: [DeltaResponse] = []
    }

    init(synced: Bool = true, limits: ProxySession.Limits = .init(), lastGood: ResourceChange? = nil) {
        fleet = FleetDiscovery(limits: limits, lastGood: lastGood)
        if synced { fleet.markSynced() }
    }

    @discardableResult
    mutating func publish(
        upserts: [DiscoveryResource] = [], parts: [String: ResourcePart?] = [:], of table: String = "web",
        removals: [ResourceName] = []
    ) -> Generation {
        var change = ResourceChange(upserts: upserts, removals: removals)
        if !parts.isEmpty { change.parts = [.table(table): parts] }
        return publish(change)
    }

    @discardableResult
    mutating func publish(_ change: ResourceChange) -> Generation {
        let generation = fleet.publish(change)
        pump()
        return generation
    }

    mutating func connect(_ name: String, version: String = "1.40.0") {
        var proxy = proxies[name] ?? Proxy()
        proxy.session = fleet.connected(at: now)
        proxy.toProxy = []
        proxy.outstanding = [:]
        proxy.toServer = proxy.envoy.connect(id: name, version: version)
        proxies[name] = proxy
    }

    mutating func disconnect(_ name: String) {
        if let session = proxies[name]?.session { fleet.disconnected(session) }
        proxies[name]?.session = nil
        proxies[name]?.toProxy = []
        proxies[name]?.toServer = []
    }

    mutating func pump() {
        for (id, response) in fleet.next(now: now).responses {
            guard let name = proxies.first(where: { $0.value.session == id })?.key else { continue }
            let count = (proxies[name]?.outstanding[response.type] ?? 0) + 1
            #expect(count == 1, "two responses of \(response.type.short) in flight to \(name)")
            proxies[name]?.outstanding[response.type] = count
            proxies[name]?.toProxy.append(response)
            proxies[name]?.log.append(response)
        }
    }

    /// The server reads the oldest request of the proxy.
    mutating func deliverRequest(of name: String) {
        guard let proxy = proxies[name], let session = proxy.session, let request = proxy.toServer.first else { return }
        proxies[name]?.toServer.removeFirst()
        if !request.nonce.isEmpty { proxies[name]?.outstanding[request.type] = 0 }
        _ = fleet.received(request, from: session)
        pump()
    }

    /// The proxy works on the oldest response that it got.
    mutating func deliverResponse(to name: String) {
        guard let response = proxies[name]?.toProxy.first else { return }
        proxies[name]?.toProxy.removeFirst()
        let requests = proxies[name]?.envoy.receive(response) ?? []
        proxies[name]?.toServer += requests
    }

    mutating func advance(_ duration: Duration) {
        now += duration
        pump()
    }

    /// Lets every message pass, until nothing moves. Time stands still.
    mutating func settle() {
        pump()
        for _ in 0..<100_000 {
            guard let name = proxies.keys.sorted().first(where: { isBusy($0) }) else { return }
            deliverRequest(of: name)
            deliverResponse(to: name)
        }
        Issue.record("the protocol does not come to rest")
    }

    private func isBusy(_ name: String) -> Bool {
        guard let proxy = proxies[name], proxy.session != nil else { return false }
        return !proxy.toServer.isEmpty || !proxy.toProxy.isEmpty
    }

    func envoy(_ name: String) -> ModelEnvoy { proxies[name]?.envoy ?? ModelEnvoy() }

    /// Every response that went to the proxy since it was last asked.
    mutating func sent(to name: String) -> [String] {
        defer { proxies[name]?.log = [] }
        return (proxies[name]?.log ?? []).map { response in
            let names = response.resources.map(\.name) + response.removed.map { "-\($0)" }
            return "\(response.type.short) \(names.joined(separator: " "))"
        }
    }

    func applied(_ name: String) -> Generation? {
        fleet.status.proxies.first { $0.id == proxies[name]?.session }?.applied
    }
}

/// The usual set: one listener, one table, some clusters each with endpoints, a route part to each.
func basicSet(_ clusters: [String]) -> ResourceChange {
    var change = ResourceChange(upserts: [Sample.listener("http", table: "web"), Sample.table("web")])
    for name in clusters {
        change.upserts += [Sample.cluster(name), Sample.endpoints(name)]
        change.parts[.table("web"), default: [:]]["\(name).example"] = Sample.part("\(name).example", to: name)
    }
    return change
}
