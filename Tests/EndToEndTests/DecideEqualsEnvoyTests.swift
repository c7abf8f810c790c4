import Foundation
import KubernetesModel
import NIOHTTP1
import NIOSSL
import NetTypes
import TestSupport
import Testing
import TrafficCompiler
import TrafficPlan

/// The plan's reference semantics and Envoy give the same answers: random Ingresses, random requests.
@Suite(
    .serialized, .gateway(services: IngressDice.services, objects: IngressDice.otherObjects),
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(3)))
struct DecideEqualsEnvoyTests {
    private static let requestsPerRound = 200

    /// Fixed, so that a failure stays one; `FAIRWAY_SEEDS=5,6,7` tries others.
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["FAIRWAY_SEEDS"]?.split(separator: ",").compactMap { UInt64($0) }
        ?? [2, 4, 11, 15]

    @Test(arguments: seeds)
    func `Envoy answers as decide says`(seed: UInt64) async throws {
        let gateway = try Gateway.current
        var dice = IngressDice(seed: seed)
        let objects = dice.ingresses()
        let marker = "marker-\(seed).decide.test"
        try await gateway.fairway.kubectl("delete", "ingress", "--all")
        // Applied last, so that all others are served once it is.
        try await gateway.serve(
            objects + [Manifest.ingress("zz-\(seed)", [Manifest.Rule(marker, [.prefix("/", "a")])])], until: marker)
        let plan = try await plan(of: gateway)

        let requests = (0..<Self.requestsPerRound).map { _ in dice.request() }
        // On several connections, because one whose request was refused takes Envoy a second to close.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: requests.count, by: 10) {
                let some = requests[start..<min(start + 10, requests.count)]
                for listener in ["http", "https"] {
                    group.addTask { try await compare(some, on: ListenerName(listener), gateway, plan, seed) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// What the compiler makes of the objects that the API server has.
    private func plan(of gateway: Gateway) async throws -> GatewayPlan {
        let fairway = gateway.fairway
        func listener(_ name: String, _ port: UInt16, _ transport: Listener.Transport) -> Listener {
            let address = IPAddress.v4(127, 0, 0, 1)
            return Listener(
                name: ListenerName(name), bind: SocketEndpoint(address: address, port: port), transport: transport,
                origin: .builtIn)
        }
        var compiler = TrafficCompiler(
            settings: CompilerSettings(
                listeners: [
                    listener("http", fairway.httpPort, .plain), listener("https", fairway.httpsPort, .tls),
                ], defaultCertificate: nil))
        var changes: [SourceChange] = []
        for object in try await fairway.list("ingressclasses", as: IngressClass.self) {
            changes.append(.ingressClass(object.objectName, object))
        }
        for object in try await fairway.list("services", as: Service.self) {
            changes.append(.service(object.objectName, object))
        }
        for object in try await fairway.list("endpointslices", as: EndpointSlice.self) {
            changes.append(.endpointSlice(object.objectName, object))
        }
        for object in try await fairway.list("ingresses", as: Ingress.self) {
            changes.append(.ingress(object.objectName, object))
        }
        _ = compiler.apply(changes, now: Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970)))
        return compiler.plan
    }

    private func compare(
        _ requests: ArraySlice<IngressDice.Request>, on listener: ListenerName, _ gateway: Gateway, _ plan: GatewayPlan,
        _ seed: UInt64
    ) async throws {
        let isSecure = listener.text == "https"
        let port = isSecure ? gateway.fairway.httpsPort : gateway.fairway.httpPort
        var rest = requests
        while !rest.isEmpty {
            try await HTTPConnection.open(port: port, tls: isSecure ? .trustingAnyone : nil) { connection in
                while let request = rest.popFirst() {
                    let answer = try await connection.send("GET", request.target, host: request.host)
                    compare(answer, to: request, on: listener, plan, seed)
                    // A malformed request ends its connection.
                    if answer.status == 400 { return }
                }
            }
        }
    }

    private func compare(
        _ answer: HTTPConnection.Answer, to dice: IngressDice.Request, on listener: ListenerName, _ plan: GatewayPlan,
        _ seed: UInt64
    ) {
        let decision = plan.decide(Request(listener: listener, host: dice.host, target: dice.target))
        let what: Comment =
            "seed \(seed), \(listener) \(dice.host)\(dice.target): decide says \(decision.outcome), Envoy \(answer.status) \(answer.body.prefix(300))"
        switch decision.outcome {
        case .forward(let targets) where decision.localStatus == nil:
            #expect(answer.status == 200, what)
            #expect(answer.echo.map { [$0.name] } == targets.map(\.name.service), what)
            #expect(answer.echo?.path == decision.path, what)
        case .redirect(let status, let location):
            #expect(answer.status == Int(status), what)
            #expect(answer.headers.first(name: "location") == location, what)
        case .respond(let status, let body):
            #expect(answer.status == Int(status), what)
            #expect(answer.body == body, what)
        default:
            #expect(answer.status == decision.localStatus.map(Int.init), what)
            #expect(answer.echo == nil, what)
        }
    }
}

/// Throws Ingresses and requests that are likely to meet.
struct IngressDice {
    static let services = ["a", "b", "c", "d"]
    /// A Service without endpoints.
    static let otherObjects = Manifest.service("empty", to: [])

    struct Request {
        var host: String
        var target: String
    }

    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func number(below limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    private mutating func chance(_ percent: Int) -> Bool { number(below: 100) < percent }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    // MARK: Ingresses

    private static let hosts: [String?] = [
        "a.test", "b.test", "x.a.test", "y.x.a.test", "*.a.test", "*.x.a.test", "*.b.test", "*.test", nil,
    ]
    private static let segments = ["a", "aa", "b", "A", "v1.0", "a-b", "a_b", "c~", "x y", "é", "a;b", "a%20b"]
    private static let expressions = [
        "/a/[a-z]+", "/(a|b)/.*", "/v[0-9]+(/.*)?", "/a?b", "/aa/b$", "/b/\\d+/x", "/a/.+/b", "/(?i)b", "/[^/]+/b",
        "/a/*", "/.*", "/a{2}", "/broken(", "/a/[z-a]",
    ]
    private static let backends = services + services + ["empty", "ghost"]

    mutating func ingresses() -> [JSONValue] { (0..<14).map { ingress("dice-\($0)") } }

    private mutating func ingress(_ name: String) -> JSONValue {
        var annotations: [String: String] = [:]
        if chance(15) { annotations["fairway.dev/https-redirect"] = pick(["true", "false"]) }
        let fallback = chance(25) ? Manifest.backend(pick(Self.backends)) : nil
        // Without rules its default backend is for every host.
        let rules = fallback != nil && chance(15) ? [] : (0...number(below: 3)).map { _ in rule() }
        return Manifest.ingress(name, rules, annotations: annotations, defaultBackend: fallback)
    }

    private mutating func rule() -> Manifest.Rule {
        Manifest.Rule(pick(Self.hosts), (0...number(below: 4)).map { _ in path() })
    }

    private mutating func path() -> Manifest.Path {
        let service = pick(Self.backends)
        var port: JSONValue = chance(50) ? ["name": "http"] : ["number": 80]
        if chance(5) { port = ["number": 81] }
        let backend = Manifest.backend(service, port: port)
        switch number(below: 10) {
        case 0..<4: return Manifest.Path(path: literal(), type: "Prefix", backend: backend)
        case 4..<7: return Manifest.Path(path: literal(), type: "Exact", backend: backend)
        case 7: return Manifest.Path(path: literal(), type: "ImplementationSpecific", backend: backend)
        default: return Manifest.Path(path: pick(Self.expressions), type: "ImplementationSpecific", backend: backend)
        }
    }

    private mutating func literal() -> String {
        let elements = (0..<number(below: 4)).map { _ in pick(Self.segments) }
        return "/" + elements.joined(separator: "/") + (chance(25) && !elements.isEmpty ? "/" : "")
    }

    // MARK: Requests

    private static let requestHosts = [
        "a.test", "b.test", "x.a.test", "y.a.test", "y.x.a.test", "z.x.a.test", "z.y.x.a.test", "b.b.test", "c.test",
        "test", "other.example", "d.c.test",
    ]

    mutating func request() -> Request {
        var host = pick(Self.requestHosts)
        if chance(15) { host = host.uppercased() }
        if chance(10) { host += "." }
        if chance(20) { host += ":\(pick([80, 8080, 1]))" }
        return Request(host: host, target: target())
    }

    private mutating func target() -> String {
        var elements = (0..<number(below: 5)).map { _ in segment() }
        if chance(10) {
            elements.insert(pick([".", "..", "%2e%2e", "%2E", ""]), at: number(below: elements.count + 1))
        }
        var target = "/" + elements.joined(separator: "/")
        if chance(25) { target += "/" }
        if chance(20) { target += pick(["?q=1", "?", "?a=/../b", "?x=%2F"]) }
        return target
    }

    private mutating func segment() -> String {
        if chance(15) {
            return pick(["%61", "b%2Fa", "a%5Cb", "12", "v10", "ab", "a%00", "%zz", "a#b", "b\\a", "..a"])
        }
        switch pick(Self.segments) {
        case "x y": return "x%20y"
        case "é": return chance(80) ? "%C3%A9" : "%c3%a9"
        case let segment: return segment
        }
    }
}
