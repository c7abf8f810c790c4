import EnvoyAPI
import EnvoyTranslation
import NetTypes
import TrafficPlan

/// A request as a proxy describes it: which limits are asked, and what they may look at.
struct DescribedRequest: Hashable, Sendable {
    /// Why a description cannot be used: it was made by somebody else than our own proxies.
    struct Malformed: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    /// When the proxy asks.
    enum Moment: Hashable, Sendable {
        /// The request has come: may it pass?
        case arrival
        /// The answer has gone; the response's headers that say costs, by name. `isRefusal`: it was the limiter's own.
        case end(costs: [String: String], isRefusal: Bool)
    }

    var set: LimitSetID
    var failureClass: LimitDescriptor.FailureClass
    var moment: Moment
    var request: LimitedRequest

    /// More entries than a limit set can ask for.
    static let mostEntries = 512

    init(_ descriptor: Envoy_Extensions_Common_Ratelimit_V3_RateLimitDescriptor) throws(Malformed) {
        guard descriptor.entries.count <= Self.mostEntries else {
            throw Malformed(description: "a descriptor has \(descriptor.entries.count) entries")
        }
        var values: [String: String] = [:]
        var request = LimitedRequest(clientAddress: nil, method: "", host: "", path: "")
        var costs: [String: String] = [:]
        for entry in descriptor.entries {
            if let name = entry.key.suffix(behind: LimitDescriptor.headerPrefix) {
                request.headers[name] = entry.value
            } else if let name = entry.key.suffix(behind: LimitDescriptor.costPrefix) {
                costs[name] = entry.value
            } else {
                values[entry.key] = entry.value
            }
        }
        guard let set = values[LimitDescriptor.set] else {
            throw Malformed(description: "a descriptor names no limit set")
        }
        guard let text = values[LimitDescriptor.failureClass],
            let failureClass = LimitDescriptor.FailureClass(rawValue: text)
        else { throw Malformed(description: "a descriptor names no class of limits") }
        self.set = LimitSetID(set)
        self.failureClass = failureClass
        moment =
            values[LimitDescriptor.done] == nil
            ? .arrival : .end(costs: costs, isRefusal: values[LimitDescriptor.limitedBy] != nil)
        request.clientAddress = values[LimitDescriptor.clientAddress].flatMap { IPAddress($0) }
        request.method = values[LimitDescriptor.method] ?? ""
        request.host = values[LimitDescriptor.host].map(Hostname.normalize(hostHeader:)) ?? ""
        (request.path, request.query) = Self.split(values[LimitDescriptor.path] ?? "")
        self.request = request
    }

    private static func split(_ target: String) -> (path: String, query: String) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
        return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
    }
}

extension String {
    fileprivate func suffix(behind prefix: String) -> String? {
        utf8.starts(with: prefix.utf8) ? String(utf8.dropFirst(prefix.utf8.count)) : nil
    }
}
