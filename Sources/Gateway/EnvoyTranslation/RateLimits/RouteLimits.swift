import EnvoyAPI
import SwiftProtobuf
package import TrafficPlan

/// What a route says about its limits: which filters work for it, and how.
enum RouteLimits {
    typealias Route = Envoy_Config_Route_V3_Route

    static func set(_ id: LimitSetID, _ set: LimitSet, on route: inout Route) {
        for failureClass in LimitDescriptor.FailureClass.allCases {
            let limits = set.of(failureClass)
            guard !limits.limits.isEmpty else { continue }
            route.typedPerFilterConfig[LimitFilters.global(failureClass)] =
                GlobalLimits.configuration(id, limits, failureClass).packed
        }
        let costs = GlobalLimits.responseCosts(of: set)
        if !costs.isEmpty {
            route.typedPerFilterConfig[LimitFilters.responseCost] = GlobalLimits.reading(costs).packed
        }
        let own = set.limits.filter { $0.scope == .perProxy }
        guard let answer = own.first?.answer else { return }
        route.typedPerFilterConfig[LimitFilters.perProxy] = PerProxyLimits.configuration(own).packed
        route.metadata.filterMetadata[PerProxyLimits.metadataNamespace] = PerProxyLimits.metadata(answer)
    }
}

extension LimitSet {
    /// Those that a limiter holds and whose failure mode is this one.
    package func of(_ failureClass: LimitDescriptor.FailureClass) -> LimitSet {
        let mode: RateLimit.FailureMode = failureClass == .open ? .allow : .deny
        return LimitSet(limits: limits.filter { $0.scope == .global && $0.whenLimiterFails == mode })
    }
}

/// Limits that a limiter holds.
enum GlobalLimits {
    typealias Entry = Envoy_Config_Route_V3_RateLimit
    private typealias Action = Entry.Action

    /// Where the response's word on its cost waits until the request ends.
    private static let costNamespace = "fairway.limits.cost"

    static func configuration(
        _ id: LimitSetID, _ limits: LimitSet, _ failureClass: LimitDescriptor.FailureClass
    ) -> Envoy_Extensions_Filters_Http_Ratelimit_V3_RateLimitPerRoute {
        let attributes = limits.attributes()
        let actions =
            [generic(LimitDescriptor.set, id.text), generic(LimitDescriptor.failureClass, failureClass.rawValue)]
            + reading(attributes)
        var entries = [Entry.with { $0.actions = actions }]
        if !attributes.responseHeaders.isEmpty {
            entries.append(
                .with {
                    $0.applyOnStreamDone = true
                    $0.actions = actions + afterwards(attributes.responseHeaders.sorted())
                })
        }
        return .with { $0.rateLimits = entries }
    }

    /// Every header and address is what the connection manager made of it. An absent header is an absent entry, and the
    /// limiter counts that.
    private static func reading(_ attributes: LimitAttributes) -> [Action] {
        var actions: [Action] = []
        if attributes.clientAddress { actions.append(.with { $0.remoteAddress = .init() }) }
        if attributes.method { actions.append(header(":method", as: LimitDescriptor.method)) }
        if attributes.host { actions.append(header(":authority", as: LimitDescriptor.host)) }
        if attributes.path || attributes.query { actions.append(header(":path", as: LimitDescriptor.path)) }
        return actions
            + attributes.headers.sorted().map { header($0, as: LimitDescriptor.headerPrefix + $0) }
    }

    private static func afterwards(_ headers: [String]) -> [Action] {
        [
            generic(LimitDescriptor.done, "1"),
            metadata(LimitDescriptor.limitedBy, in: LimitDescriptor.metadataNamespace),
        ]
            + headers.map { name in
                metadata(name, in: costNamespace, as: LimitDescriptor.costPrefix + name)
            }
    }

    static func responseCosts(of set: LimitSet) -> [String] {
        set.attributes(scope: .global).responseHeaders.sorted()
    }

    static func reading(_ headers: [String]) -> Envoy_Extensions_Filters_Http_HeaderToMetadata_V3_Config {
        .with {
            $0.responseRules = headers.map { name in
                .with {
                    $0.header = name
                    $0.onHeaderPresent = .with {
                        $0.metadataNamespace = costNamespace
                        $0.key = name
                        $0.type = .string
                    }
                }
            }
        }
    }

    private static func generic(_ key: String, _ value: String) -> Action {
        .with {
            $0.genericKey.descriptorKey = key
            $0.genericKey.descriptorValue = value
        }
    }

    private static func header(_ name: String, as key: String) -> Action {
        .with {
            $0.requestHeaders = .with {
                $0.headerName = name
                $0.descriptorKey = key
                $0.skipIfAbsent = true
            }
        }
    }

    private static func metadata(_ key: String, in namespace: String, as name: String? = nil) -> Action {
        .with {
            $0.metadata = .with {
                $0.descriptorKey = name ?? key
                $0.metadataKey.key = namespace
                $0.metadataKey.path = [.with { $0.key = key }]
                $0.skipIfAbsent = true
            }
        }
    }
}
