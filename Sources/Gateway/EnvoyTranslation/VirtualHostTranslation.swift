import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// Virtual hosts as pieces of the one route table. Lean, because Envoy builds the whole table anew on every change: one
/// domain each, and no route that another one implies.
enum VirtualHostTranslation {
    typealias Message = Envoy_Config_Route_V3_VirtualHost

    /// The table without its virtual hosts.
    static let table = DiscoveryResource(
        name: ResourceName(.routeConfiguration, Translator.routeTableName),
        head: Envoy_Config_Route_V3_RouteConfiguration.with {
            $0.name = Translator.routeTableName
            $0.ignorePortInHostMatching = true
        }.encoded(), origins: [])

    /// - Parameter fallback: The virtual host for any name, of which a wildcard needs the routes: Envoy's `*.foo.com`
    ///   takes names of any depth, ours one label, and deeper names belong to the fallback.
    static func part(
        for virtualHost: VirtualHost, fallback: VirtualHost?, limitSets: [LimitSetID: LimitSet]
    ) -> (part: ResourcePart, problems: [TranslationProblem]) {
        var routes = RouteList(limitSets: limitSets)
        if case .wildcard(let suffix) = virtualHost.hostname {
            let deeper = HeaderCondition.deeperThanOneLabel(above: suffix)
            if let fallback { routes.append(allOf: fallback, where: [deeper]) }
            if !(fallback?.takesEveryPath ?? false) { routes.appendNotFound(where: [deeper]) }
        }
        let borrowed = routes.problems.count
        routes.append(allOf: virtualHost, where: [])
        let message = Message.with {
            $0.name = virtualHost.hostname.description
            $0.domains = [virtualHost.hostname.description]
            $0.routes = routes.messages
        }
        let part = ResourcePart(
            bytes: message.encoded(asField: 2), references: routes.clusters, origins: routes.origins)
        return (part, Array(routes.problems.dropFirst(borrowed)))
    }
}

extension VirtualHost {
    fileprivate var takesEveryPath: Bool { routes.contains { $0.match.path == .prefix("/") } }
}

enum HeaderCondition {
    typealias Message = Envoy_Config_Route_V3_HeaderMatcher

    /// The connection manager writes this header from the connection, or keeps a trusted proxy's.
    static let cameWithoutTLS = Message.with {
        $0.name = "x-forwarded-proto"
        $0.stringMatch.exact = "http"
    }

    static let hostHasPort = Message.with {
        $0.name = ":authority"
        $0.stringMatch.safeRegex.regex = ".*:[0-9]+"
    }

    /// A host of more than one label above `suffix`, in any case and with any port. Envoy has matched the suffix.
    static func deeperThanOneLabel(above suffix: String) -> Message {
        let literal = suffix.replacing(".", with: #"\."#)
        return .with {
            $0.name = ":authority"
            $0.stringMatch.safeRegex.regex = #"(?i)[^:]*\.[^:]*\.\#(literal)(:[0-9]*)?"#
        }
    }
}
