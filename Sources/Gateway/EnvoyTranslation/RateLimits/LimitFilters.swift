import EnvoyAPI
import SwiftProtobuf

/// The filters that limit. They stand in every connection manager, off; a route that has limits turns on those it needs.
enum LimitFilters {
    typealias Filter = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter

    static let perProxy = "fairway.limits.per_proxy"
    static let responseCost = "fairway.limits.response_cost"

    static func global(_ failureClass: LimitDescriptor.FailureClass) -> String {
        "fairway.limits.\(failureClass.rawValue)"
    }

    /// The proxy's own limits come first: what they refuse costs no call.
    static func all(_ settings: LimiterSettings) -> [Filter] {
        let own = off(
            perProxy,
            Envoy_Extensions_Filters_Http_LocalRatelimit_V3_LocalRateLimit.with { $0.statPrefix = perProxyStatPrefix })
        let global = LimitDescriptor.FailureClass.allCases.map { off(Self.global($0), service($0, settings)) }
        return [own] + global + [off(responseCost, Envoy_Extensions_Filters_Http_HeaderToMetadata_V3_Config())]
    }

    static let perProxyStatPrefix = "fairway_per_proxy"

    private static func service(
        _ failureClass: LimitDescriptor.FailureClass, _ settings: LimiterSettings
    ) -> Envoy_Extensions_Filters_Http_Ratelimit_V3_RateLimit {
        .with {
            $0.domain = LimitDescriptor.domain
            $0.timeout = .init(settings.timeout)
            $0.failureModeDeny = failureClass == .closed
            $0.statusOnError.code = .serviceUnavailable
            $0.rateLimitedAsResourceExhausted = true
            $0.disableXEnvoyRatelimitedHeader = true
            $0.statPrefix = "fairway_\(failureClass.rawValue)"
            $0.rateLimitService.transportApiVersion = .v3
            $0.rateLimitService.grpcService.envoyGrpc.clusterName = LimiterCluster.name
        }
    }

    private static func off(_ name: String, _ configuration: some Message) -> Filter {
        .with {
            $0.name = name
            $0.typedConfig = configuration.packed
            $0.disabled = true
        }
    }
}
