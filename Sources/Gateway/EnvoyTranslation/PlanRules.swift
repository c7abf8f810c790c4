import NetTypes
import TrafficPlan

/// What Envoy refuses, by the rules of its API and of its loader, looked for before anything is published, so that one
/// bad unit never costs the others a refusal of the whole resource.
enum PlanRules {
    /// Envoy's limit on the body of a direct answer, bytes.
    static let longestBody = 4096
    /// RFC 9113 section 6.5.2 for streams and windows.
    private static let http2Range: ClosedRange<UInt32> = 1...0x7fff_ffff
    private static let windowRange: ClosedRange<UInt32> = 65_535...0x7fff_ffff

    static func problems(of route: Route) -> [TranslationProblem] {
        var faults = [fault(in: route.match.path)]
        switch route.action {
        case .respond(let status, let body):
            if !(200...599).contains(status) { faults.append("status \(status) is not one of 200 to 599") }
            if body.utf8.count > longestBody {
                faults.append("the body has \(body.utf8.count) bytes, and \(longestBody) are allowed")
            }
        case .forward(let backends):
            faults.append(fault(in: backends))
        }
        if let timeout = route.timeouts.request, timeout < .zero { faults.append("the request timeout is negative") }
        if let timeout = route.timeouts.idle, timeout < .zero { faults.append("the idle timeout is negative") }
        return faults.compactMap { $0 }.map { TranslationProblem(origin: route.origin, message: $0) }
    }

    /// Limits that would be left out, were the route served.
    static func problems(of route: Route, limitSets: [LimitSetID: LimitSet]) -> [TranslationProblem] {
        guard let id = route.limits else { return [] }
        guard let set = limitSets[id] else {
            return [TranslationProblem(origin: route.origin, message: "its limit set \(id) is not in the plan")]
        }
        return set.limits.compactMap { limit in
            let status = limit.answer.status
            var fault = limit.scope == .perProxy ? limit.unsupportedPerProxy : nil
            if !LimitDescriptor.statuses.contains(status) {
                fault = "the status of a refusal is one of 400 to 599, not \(status)"
            }
            return fault.map { TranslationProblem(origin: limit.origin, message: "limit \(limit.name): \($0)") }
        }
    }

    static func fault(in path: RouteMatch.Path) -> String? {
        switch path {
        case .regex(let expression):
            return expression.isEmpty ? "the path expression is empty" : nil
        case .exact(let text), .prefix(let text):
            guard text.utf8.first == UInt8(ascii: "/") else { return "path \"\(text)\" does not begin with a slash" }
            if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "the path has a control character" }
            guard case .prefix = path else { return nil }
            if text.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
                return "path \"\(text)\" has a query or a fragment, which paths are compared without"
            }
            if text != "/", text.utf8.last == UInt8(ascii: "/") { return "prefix \"\(text)\" ends with a slash" }
            return nil
        }
    }

    private static func fault(in backends: [WeightedBackend]) -> String? {
        guard !backends.isEmpty else { return "there is no backend" }
        let total = backends.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
        guard total > 0 else { return "every backend has the weight 0" }
        return total > UInt64(UInt32.max) ? "the weights of the backends add up to more than \(UInt32.max)" : nil
    }

    static func problems(of hostname: Hostname, origin: Origin) -> [TranslationProblem] {
        let name: String
        switch hostname {
        case .any: return []
        case .exact(let text): name = text
        case .wildcard(let suffix): name = suffix
        }
        let isName = !name.isEmpty && name.utf8.count <= 253 && name.utf8.allSatisfy(\.isInName)
        guard !isName else { return [] }
        return [TranslationProblem(origin: origin, message: "\"\(hostname)\" is not a host name")]
    }

    static func problems(of backend: Backend) -> [TranslationProblem] {
        var faults: [String] = []
        if backend.connectTimeout <= .zero { faults.append("the connect timeout is not positive") }
        if case .dns(let host, let port) = backend.discovery {
            if host.isEmpty || host.utf8.count > 253 { faults.append("\"\(host)\" is not a host name") }
            if port == 0 { faults.append("port 0 cannot be connected to") }
        }
        if backend.version == .negotiated, backend.tls == nil {
            faults.append("the HTTP version can be negotiated only with TLS")
        }
        if let tls = backend.tls, tls.serverName.isEmpty { faults.append("the TLS server name is empty") }
        return faults.map { TranslationProblem(origin: backend.origin, message: $0) }
    }

    static func problems(of listener: Listener) -> [TranslationProblem] {
        let client = listener.client
        var faults: [String] = []
        func require(_ isTrue: Bool, _ fault: String) { if !isTrue { faults.append(fault) } }
        require(!listener.name.text.isEmpty, "the listener has no name")
        require(listener.bind.port != 0, "port 0 cannot be listened on")
        require((1...8192).contains(client.maxRequestHeaderKiB), "the header limit is not within 1 to 8192 KiB")
        require(client.maxRequestHeaders > 0, "the limit on the number of headers is 0")
        require(http2Range.contains(client.maxConcurrentStreams), "the limit of concurrent streams is out of range")
        require(windowRange.contains(client.streamWindowBytes), "the stream window is out of range")
        require(windowRange.contains(client.connectionWindowBytes), "the connection window is out of range")
        let timeouts = [
            client.requestHeadersTimeout, client.streamIdleTimeout, client.connectionIdleTimeout,
            client.tlsHandshakeTimeout,
        ]
        require(timeouts.allSatisfy { $0 >= .zero }, "a timeout is negative")
        return faults.map { TranslationProblem(origin: listener.origin, message: $0) }
    }
}

extension UInt8 {
    /// A letter, a digit, or one of `-_.`
    fileprivate var isInName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
