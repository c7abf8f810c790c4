import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// Small real resources, written with Envoy's messages.
enum Resources {
    static let origin = Origin(kind: "Ingress", namespace: "shop", name: "web")

    private static var ads: Envoy_Config_Core_V3_ConfigSource {
        var source = Envoy_Config_Core_V3_ConfigSource()
        source.ads = Envoy_Config_Core_V3_AggregatedConfigSource()
        source.resourceApiVersion = .v3
        return source
    }

    private static func resource(
        _ type: ResourceType, _ name: String, _ message: some Message, _ references: Set<ResourceName> = []
    ) throws -> DiscoveryResource {
        DiscoveryResource(
            name: ResourceName(type, name), head: try message.serializedBytes(), references: references,
            origins: [origin])
    }

    /// - Parameter timeoutMilliseconds: of a connection; something to change a cluster's bytes by.
    static func cluster(_ name: String, timeoutMilliseconds: Int32 = 1000) throws -> DiscoveryResource {
        var cluster = Envoy_Config_Cluster_V3_Cluster()
        cluster.name = name
        cluster.type = .eds
        cluster.edsClusterConfig.edsConfig = ads
        cluster.connectTimeout.nanos = timeoutMilliseconds * 1_000_000 % 1_000_000_000
        cluster.connectTimeout.seconds = Int64(timeoutMilliseconds) / 1000
        return try resource(.cluster, name, cluster, [ResourceName(.clusterLoadAssignment, name)])
    }

    static func endpoints(_ name: String, _ ports: UInt16...) throws -> DiscoveryResource {
        var assignment = Envoy_Config_Endpoint_V3_ClusterLoadAssignment()
        assignment.clusterName = name
        var locality = Envoy_Config_Endpoint_V3_LocalityLbEndpoints()
        locality.lbEndpoints = ports.map { port in
            var endpoint = Envoy_Config_Endpoint_V3_LbEndpoint()
            endpoint.endpoint.address = address(port)
            return endpoint
        }
        assignment.endpoints = [locality]
        return try resource(.clusterLoadAssignment, name, assignment)
    }

    private static func address(_ port: UInt16) -> Envoy_Config_Core_V3_Address {
        var address = Envoy_Config_Core_V3_Address()
        address.socketAddress.address = "127.0.0.1"
        address.socketAddress.portValue = UInt32(port)
        return address
    }

    static func table(_ name: String) throws -> DiscoveryResource {
        var table = Envoy_Config_Route_V3_RouteConfiguration()
        table.name = name
        table.ignorePortInHostMatching = true
        return try resource(.routeConfiguration, name, table)
    }

    /// A virtual host that sends everything to one cluster.
    /// - Parameter regex: asked of the path, when it is not empty.
    static func host(_ domain: String, to cluster: String, regex: String = "") throws -> ResourcePart {
        var route = Envoy_Config_Route_V3_Route()
        if regex.isEmpty {
            route.match.prefix = "/"
        } else {
            route.match.safeRegex.regex = regex
        }
        route.route.cluster = cluster
        var host = Envoy_Config_Route_V3_VirtualHost()
        host.name = domain
        host.domains = [domain]
        host.routes = [route]
        var table = Envoy_Config_Route_V3_RouteConfiguration()
        table.virtualHosts = [host]
        return ResourcePart(
            bytes: try table.serializedBytes(), references: [ResourceName(.cluster, cluster)], origins: [origin])
    }

    static func listener(_ name: String, port: UInt16, table: String, isTLS: Bool = false) throws -> DiscoveryResource {
        var manager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager()
        manager.statPrefix = name
        manager.rds.routeConfigName = table
        manager.rds.configSource = ads
        var router = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter()
        router.name = "envoy.filters.http.router"
        router.typedConfig = try Google_Protobuf_Any(message: Envoy_Extensions_Filters_Http_Router_V3_Router())
        manager.httpFilters = [router]
        var filter = Envoy_Config_Listener_V3_Filter()
        filter.name = "envoy.filters.network.http_connection_manager"
        filter.typedConfig = try Google_Protobuf_Any(message: manager)
        var chain = Envoy_Config_Listener_V3_FilterChain()
        chain.filters = [filter]
        if isTLS { chain.transportSocket = try onDemandTLS() }
        var listener = Envoy_Config_Listener_V3_Listener()
        listener.name = name
        listener.address = address(port)
        listener.filterChains = [chain]
        return try resource(.listener, name, listener, [ResourceName(.routeConfiguration, table)])
    }

    /// TLS whose certificate is asked for when a handshake names a server.
    private static func onDemandTLS() throws -> Envoy_Config_Core_V3_TransportSocket {
        var mapper = Envoy_Extensions_TransportSockets_Tls_CertMappers_Sni_V3_SNI()
        mapper.defaultValue = "*"
        var selector = Envoy_Extensions_TransportSockets_Tls_CertSelectors_OnDemandSecret_V3_Config()
        selector.configSource = ads
        selector.certificateMapper.name = "sni"
        selector.certificateMapper.typedConfig = try Google_Protobuf_Any(message: mapper)
        var context = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext()
        context.commonTlsContext.customTlsCertificateSelector.name = "envoy.tls.certificate_selectors.on_demand_secret"
        context.commonTlsContext.customTlsCertificateSelector.typedConfig = try Google_Protobuf_Any(message: selector)
        context.disableStatelessSessionResumption = true
        context.disableStatefulSessionResumption = true
        var socket = Envoy_Config_Core_V3_TransportSocket()
        socket.name = "envoy.transport_sockets.tls"
        socket.typedConfig = try Google_Protobuf_Any(message: context)
        return socket
    }

    static func secret(_ name: String, chain: String, key: String) throws -> DiscoveryResource {
        var secret = Envoy_Extensions_TransportSockets_Tls_V3_Secret()
        secret.tlsCertificate.certificateChain.inlineString = chain
        secret.tlsCertificate.privateKey.inlineString = key
        return try resource(.secret, name, secret)
    }
}

extension ResourceChange {
    static func parts(_ parts: [String: ResourcePart?], of table: String = "web") -> ResourceChange {
        ResourceChange(parts: [ResourceName(.routeConfiguration, table): parts])
    }
}
