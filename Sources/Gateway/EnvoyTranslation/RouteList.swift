import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// The routes of one virtual host, and what they need.
struct RouteList {
    typealias Message = Envoy_Config_Route_V3_Route

    private(set) var messages: [Message] = []
    private(set) var clusters: Set<ResourceName> = []
    private(set) var problems: [TranslationProblem] = []
    private(set) var origins: [Origin] = []
    private var knownOrigins: Set<Origin> = []
    private let limitSets: [LimitSetID: LimitSet]

    init(limitSets: [LimitSetID: LimitSet]) { self.limitSets = limitSets }

    mutating func append(allOf virtualHost: VirtualHost, where conditions: [HeaderCondition.Message]) {
        if virtualHost.requiresTLS { appendRedirects(for: virtualHost, where: conditions) }
        messages.reserveCapacity(messages.count + virtualHost.routes.count)
        for route in virtualHost.routes { append(route, where: conditions) }
    }

    /// What no other route would take either.
    mutating func appendNotFound(where conditions: [HeaderCondition.Message]) {
        messages.append(
            .with {
                $0.match.prefix = "/"
                $0.match.headers = conditions
                $0.directResponse.status = 404
                $0.directResponse.body.inlineString = LocalReplies.noRoute
            })
    }

    /// A route that cannot be built answers 500; one whose path cannot be matched at all is left out.
    private mutating func append(_ route: Route, where conditions: [HeaderCondition.Message]) {
        let found = PlanRules.problems(of: route) + PlanRules.problems(of: route, limitSets: limitSets)
        problems += found
        if knownOrigins.insert(route.origin).inserted { origins.append(route.origin) }
        guard PlanRules.fault(in: route.match.path) == nil else { return }
        var message = Message()
        message.name = route.origin.description
        message.match = RouteTranslation.match(route.match)
        message.match.headers = conditions
        if found.isEmpty {
            message.action = RouteTranslation.action(of: route)
            if let id = route.limits, let set = limitSets[id] { RouteLimits.set(id, set, on: &message) }
            if case .forward(let backends) = route.action {
                for choice in backends { clusters.insert(ResourceName(.cluster, choice.backend.description)) }
            }
        } else {
            message.directResponse.status = 500
            message.directResponse.body.inlineString = LocalReplies.brokenRoute
        }
        messages.append(message)
    }

    /// A redirect keeps the port that the client wrote unless it is told otherwise, so an exact host is spelled out, and
    /// elsewhere a port is replaced.
    private mutating func appendRedirects(for virtualHost: VirtualHost, where conditions: [HeaderCondition.Message]) {
        func redirect(port: UInt16?, host: String?, where more: [HeaderCondition.Message]) -> Message {
            .with {
                $0.match.prefix = "/"
                $0.match.headers = conditions + [HeaderCondition.cameWithoutTLS] + more
                $0.redirect.httpsRedirect = true
                if let port { $0.redirect.portRedirect = UInt32(port) }
                if let host { $0.redirect.hostRedirect = host }
            }
        }
        let port = virtualHost.httpsPort == 443 ? nil : virtualHost.httpsPort
        if case .exact(let host) = virtualHost.hostname {
            messages.append(redirect(port: port, host: host, where: []))
        } else {
            if port == nil { messages.append(redirect(port: 443, host: nil, where: [HeaderCondition.hostHasPort])) }
            messages.append(redirect(port: port, host: nil, where: []))
        }
    }
}
