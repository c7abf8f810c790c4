import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// Listeners, whose bytes follow from the plan's listener and the settings alone: no route, policy or certificate is in
/// them, because Envoy drains the connections of a listener that changes.
enum ListenerTranslation {
    private typealias FilterChain = Envoy_Config_Listener_V3_FilterChain

    static func resource(for listener: Listener, settings: TranslationSettings) -> DiscoveryResource {
        let message = Envoy_Config_Listener_V3_Listener.with {
            $0.name = listener.name.text
            $0.statPrefix = listener.name.text
            $0.address = .init(binding: listener.bind)
            $0.perConnectionBufferLimitBytes = .init(listener.client.connectionBufferBytes)
            $0.tcpBacklogSize = 4096
            let manager = Envoy_Config_Listener_V3_Filter.with {
                $0.name = "envoy.filters.network.http_connection_manager"
                $0.typedConfig = ConnectionManager.configuration(for: listener, settings: settings).packed
            }
            setProxyProtocol(of: &$0, listener.client.proxyProtocol)
            switch listener.transport {
            case .plain:
                $0.filterChains = [.with { $0.filters = [manager] }]
            case .tls:
                setTLS(of: &$0, manager: manager, client: listener.client)
            }
        }
        return DiscoveryResource(
            name: ResourceName(.listener, listener.name.text), head: message.encoded(),
            references: [VirtualHostTranslation.table.name, ResourceName(.cluster, LimiterCluster.name)],
            origins: [listener.origin])
    }

    /// Before anything else on the connection is read.
    private static func setProxyProtocol(
        of listener: inout Envoy_Config_Listener_V3_Listener, _ mode: ClientSettings.ProxyProtocol
    ) {
        guard mode != .off else { return }
        listener.listenerFilters = [
            .with {
                $0.name = "envoy.filters.listener.proxy_protocol"
                $0.typedConfig =
                    Envoy_Extensions_Filters_Listener_ProxyProtocol_V3_ProxyProtocol.with {
                        $0.allowRequestsWithoutProxyProtocol = mode == .optional
                    }.packed
            }
        ]
    }

    private static func setTLS(
        of listener: inout Envoy_Config_Listener_V3_Listener, manager: Envoy_Config_Listener_V3_Filter,
        client: ClientSettings
    ) {
        listener.listenerFilters.append(
            .with {
                $0.name = "envoy.filters.listener.tls_inspector"
                $0.typedConfig = Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector().packed
            })
        listener.listenerFiltersTimeout = .init(client.tlsHandshakeTimeout)
        listener.filterChainMatcher = ServerNameGuard.matcher
        listener.filterChains = [
            (ServerNameGuard.named, DownstreamTLS.byServerName), (ServerNameGuard.unnamed, DownstreamTLS.byDefault),
        ].map { name, context in
            FilterChain.with {
                $0.name = name
                $0.filters = [manager]
                $0.transportSocket = .init(tls: context)
                $0.transportSocketConnectTimeout = .init(client.tlsHandshakeTimeout)
            }
        }
    }
}
