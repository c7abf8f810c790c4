import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

enum RouteTranslation {
    static func match(_ match: RouteMatch) -> Envoy_Config_Route_V3_RouteMatch {
        var message = Envoy_Config_Route_V3_RouteMatch()
        switch match.path {
        case .exact(let path): message.path = path
        case .prefix("/"): message.prefix = "/"
        case .prefix(let prefix): message.pathSeparatedPrefix = prefix
        case .regex(let expression): message.safeRegex.regex = expression
        }
        return message
    }

    static func action(of route: Route) -> Envoy_Config_Route_V3_Route.OneOf_Action {
        switch route.action {
        case .respond(let status, let body):
            return .directResponse(
                .with {
                    $0.status = UInt32(status)
                    if !body.isEmpty { $0.body.inlineString = body }
                })
        case .forward(let backends):
            return .route(forwarding(to: backends, timeouts: route.timeouts))
        }
    }

    private static func forwarding(
        to backends: [WeightedBackend], timeouts: RouteTimeouts
    ) -> Envoy_Config_Route_V3_RouteAction {
        .with {
            if backends.count == 1 {
                $0.cluster = backends[0].backend.description
            } else {
                $0.weightedClusters.clusters = backends.filter { $0.weight > 0 }.map { choice in
                    .with {
                        $0.name = choice.backend.description
                        $0.weight = .init(choice.weight)
                    }
                }
            }
            // Zero is no limit. Both are always written: left out, one means 15 seconds and the other the listener's.
            $0.timeout = .init(timeouts.request ?? .zero)
            $0.idleTimeout = .init(timeouts.idle ?? .zero)
        }
    }
}
