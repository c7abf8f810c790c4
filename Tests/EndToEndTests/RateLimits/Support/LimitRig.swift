import DiscoveryProtocol
import DiscoveryServer
import EnvoyProcess
import EnvoyTranslation
import Foundation
import Logging
import NetTypes
import RateLimitService
import RateLimiter
import Synchronization
import TestSupport
import TrafficPlan

/// Real Envoys and real limiters, fed with plans that tests write themselves.
struct LimitRig: Sendable {
    static let host = "limits.example"
    private static let backendName = BackendName(namespace: "test", service: "backend", port: 80)

    let proxies: [Proxy]
    let limiters: [LimiterPart]
    let backend: Backend

    var limiter: RateLimiter { limiters[0].sets.limiter }
    var sets: LimitSetHolder { limiters[0].sets }

    /// One Envoy, its discovery server and what it is to hold.
    struct Proxy: Sendable {
        let port: UInt16
        let discovery: DiscoveryServer
        let supervisor: EnvoySupervisor
        let feed: PlanFeed
        let accessLog: FairwayProcess.Log
    }

    /// Translates and publishes, in order.
    actor PlanFeed {
        private var translator: Translator
        private let discovery: DiscoveryServer
        private(set) var changes: [ResourceChange] = []

        init(_ settings: TranslationSettings, _ discovery: DiscoveryServer) {
            translator = Translator(settings: settings)
            self.discovery = discovery
        }

        func publish(_ change: PlanChange) -> Generation {
            let resources = translator.apply(change)
            changes.append(resources)
            return discovery.publish(resources)
        }

        var problems: [TranslationProblem] { translator.problems }
    }

    struct Options: Sendable {
        var proxies = 1
        var client = ClientSettings()
        /// Of each limiter; the first proxy asks the first one, and so on round.
        var counters: [any CounterStore] = [MemoryCounters(keys: 100_000)]
        var timeout: Duration = .seconds(2)
        /// A listener that requires it answers no plain request.
        var speaksProxyProtocol = false
    }

    static func run(
        _ options: Options = Options(), _ body: @escaping @Sendable (LimitRig) async throws -> Void
    )
        async throws
    {
        try await Backend.run("backend") { backend in
            try await withTemporaryDirectory { directory in
                try await start(options, backend, in: directory, body)
            }
        }
    }

    private static func start(
        _ options: Options, _ backend: Backend, in directory: String,
        _ body: @escaping @Sendable (LimitRig) async throws -> Void
    ) async throws {
        var logger = Logger(label: "rig")
        logger.logLevel = .error
        let limiters = options.counters.enumerated().map { index, counters in
            LimiterPart(counters, socket: "\(directory)/limits\(index).sock", logger)
        }
        let proxies = try (0..<options.proxies).map { index in
            let socket = limiters[index % limiters.count].socket
            let settings = TranslationSettings(
                limiter: LimiterSettings(address: .unixSocket(path: socket), timeout: options.timeout))
            return try proxy(index, settings, in: directory, logger)
        }
        let rig = LimitRig(proxies: proxies, limiters: limiters, backend: backend)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for limiter in limiters {
                try limiter.start()
                group.addTask { try await limiter.run() }
            }
            for proxy in proxies {
                group.addTask { try await proxy.discovery.run() }
                group.addTask { try await proxy.supervisor.run() }
            }
            for proxy in proxies {
                _ = await proxy.feed.publish(rig.basis(proxy, options.client))
                proxy.discovery.markSynced()
            }
            for proxy in proxies { _ = await proxy.supervisor.waitUntilServing() }
            do {
                if !options.speaksProxyProtocol {
                    try await eventually("every proxy answers") {
                        for proxy in proxies where (try? await rig.get(from: proxy, "/up"))?.status != 404 {
                            return false
                        }
                        return true
                    }
                }
                try await body(rig)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
    }

    private static func proxy(
        _ index: Int, _ settings: TranslationSettings, in directory: String, _ logger: Logger
    ) throws -> Proxy {
        let log = FairwayProcess.Log()
        let supervisor = try EnvoySupervisor(
            configuration: EnvoyConfiguration(
                dataDirectory: "\(directory)/e\(index)", binaryPath: try Tool.envoy.required(), concurrency: 2),
            logger: logger, accessLog: { log.append($0) })
        let discovery = DiscoveryServer(
            configuration: DiscoveryConfiguration(address: .unixSocket(path: supervisor.discoverySocket)),
            logger: logger)
        return Proxy(
            port: try freePort(), discovery: discovery, supervisor: supervisor,
            feed: PlanFeed(settings, discovery), accessLog: log)
    }

    private func basis(_ proxy: Proxy, _ client: ClientSettings) -> PlanChange {
        var change = PlanChange()
        let name = ListenerName("http")
        change.listeners[name] = Listener(
            name: name, bind: SocketEndpoint(address: .v4(127, 0, 0, 1), port: proxy.port), transport: .plain,
            client: client, origin: .builtIn)
        change.backends[Self.backendName] = Backend0(name: Self.backendName, origin: .builtIn)
        change.endpoints[Self.backendName] = EndpointSet([
            Endpoint(address: SocketEndpoint(address: .v4(127, 0, 0, 1), port: backend.port))
        ])
        return change
    }
}

/// `Backend` is also an echo server of the tests.
private typealias Backend0 = TrafficPlan.Backend

extension LimitRig {
    /// Serves a host whose every path has these limits, and returns when every proxy does.
    @discardableResult
    func serve(_ limits: [RateLimit], on host: String = LimitRig.host) async throws -> LimitSetID? {
        let set = LimitSet(limits: limits)
        let id = limits.isEmpty ? nil : LimitSetID("\(UInt(bitPattern: set.hashValue))")
        var change = PlanChange()
        if let id {
            change.limitSets[id] = set
            for limiter in limiters { limiter.sets.install([id: set]) }
        }
        let hostname = Hostname.exact(host)
        change.virtualHosts[hostname] = VirtualHost(
            hostname: hostname,
            routes: [
                Route(
                    match: RouteMatch(path: .prefix("/")), action: .forward(to: [WeightedBackend(Self.backendName)]),
                    limits: id, origin: Origin(kind: "Ingress", namespace: "test", name: host))
            ])
        for proxy in proxies {
            let generation = await proxy.feed.publish(change)
            try await proxy.discovery.waitUntilApplied(generation)
        }
        return id
    }

    func get(
        from proxy: Proxy? = nil, _ target: String = "/", host: String = LimitRig.host,
        headers: [(String, String)] = [], method: String = "GET"
    ) async throws -> HTTPConnection.Answer {
        try await HTTPConnection.open(port: (proxy ?? proxies[0]).port) { connection in
            try await connection.send(method, target, host: host, headers: headers)
        }
    }

    /// The statuses of requests sent one after the other.
    func statuses(
        _ count: Int, from proxy: Proxy? = nil, _ target: String = "/", host: String = LimitRig.host,
        headers: [(String, String)] = [], method: String = "GET"
    ) async throws -> [Int] {
        try await HTTPConnection.open(port: (proxy ?? proxies[0]).port) { connection in
            var statuses: [Int] = []
            for _ in 0..<count {
                statuses.append(
                    try await connection.send(method, target, host: host, headers: headers).status)
            }
            return statuses
        }
    }

    /// How many of `count` requests pass, sent over `connections` connections to each proxy at once.
    func passed(_ count: Int, connections: Int = 8, host: String = LimitRig.host) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for proxy in proxies {
                for _ in 0..<connections {
                    group.addTask {
                        try await statuses(count / (connections * proxies.count), from: proxy, host: host)
                            .count { $0 == 200 }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }
}
