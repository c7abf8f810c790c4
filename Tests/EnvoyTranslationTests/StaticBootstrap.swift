import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf

/// A bootstrap that holds translated resources statically, so that Envoy can judge them without a server.
struct StaticBootstrap {
    var message = Envoy_Config_Bootstrap_V3_Bootstrap()

    /// The resources as they are. What they name on the aggregated stream stays there, out of Envoy's reach, except
    /// that each connection manager gets its routes at once.
    init(_ change: ResourceChange) throws {
        message.node.id = "test"
        message.node.cluster = "test"
        message.staticResources.clusters = [Self.discovery]
        message.dynamicResources.adsConfig = .with {
            $0.apiType = .deltaGrpc
            $0.transportApiVersion = .v3
            $0.grpcServices = [.with { $0.envoyGrpc.clusterName = "discovery" }]
        }
        let routes = try Self.routeTable(of: change)
        for resource in change.upserts {
            switch resource.name.type {
            case .cluster:
                message.staticResources.clusters.append(try .init(serializedBytes: resource.head))
            case .listener:
                let listener = try Envoy_Config_Listener_V3_Listener(serializedBytes: resource.head)
                message.staticResources.listeners.append(try Self.withRoutes(routes, listener))
            case .secret:
                var secret = try Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.head)
                secret.name = resource.name.name
                message.staticResources.secrets.append(secret)
            case .clusterLoadAssignment, .routeConfiguration: continue
            }
        }
    }

    /// Gives clusters their endpoints at once.
    mutating func embedEndpoints(_ change: ResourceChange) throws {
        for resource in change.upserts where resource.name.type == .clusterLoadAssignment {
            let index = message.staticResources.clusters.firstIndex { $0.name == resource.name.name }
            guard let index else { continue }
            message.staticResources.clusters[index].type = .static
            message.staticResources.clusters[index].clearEdsClusterConfig()
            message.staticResources.clusters[index].loadAssignment = try .init(serializedBytes: resource.head)
        }
    }

    private static func routeTable(
        of change: ResourceChange
    ) throws -> Envoy_Config_Route_V3_RouteConfiguration? {
        guard let table = change.upserts.first(where: { $0.name.type == .routeConfiguration }) else { return nil }
        let parts = (change.parts[table.name] ?? [:]).sorted { $0.key < $1.key }.compactMap(\.value)
        return try .init(serializedBytes: parts.reduce(into: table.head) { $0 += $1.bytes })
    }

    private static func withRoutes(
        _ routes: Envoy_Config_Route_V3_RouteConfiguration?, _ listener: Envoy_Config_Listener_V3_Listener
    ) throws -> Envoy_Config_Listener_V3_Listener {
        guard let routes else { return listener }
        var listener = listener
        for chain in listener.filterChains.indices {
            let packed = listener.filterChains[chain].filters[0].typedConfig
            var manager = try ResourceText.ConnectionManager(unpackingAny: packed)
            manager.routeConfig = routes
            listener.filterChains[chain].filters[0].typedConfig = try .init(message: manager)
        }
        return listener
    }

    private static let discovery = Envoy_Config_Cluster_V3_Cluster.with {
        $0.name = "discovery"
        $0.type = .static
        $0.loadAssignment = .with {
            $0.clusterName = "discovery"
            $0.endpoints = [
                .with {
                    $0.lbEndpoints = [
                        .with {
                            $0.endpoint.address.socketAddress = .with {
                                $0.address = "127.0.0.1"
                                $0.portValue = 1
                            }
                        }
                    ]
                }
            ]
        }
        var options = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions()
        options.explicitHTTPConfig.http2ProtocolOptions = .init()
        $0.typedExtensionProtocolOptions["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] =
            (try? .init(message: options)) ?? .init()  // Packing a message without required fields cannot fail.
    }
}
