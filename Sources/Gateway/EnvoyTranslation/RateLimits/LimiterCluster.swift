import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// The cluster of limiters, which listeners refer to: it is always there, empty where there is no limiter.
enum LimiterCluster {
    static let name = "fairway_ratelimit"

    static func resource(_ settings: LimiterSettings) -> DiscoveryResource {
        var cluster = Envoy_Config_Cluster_V3_Cluster()
        cluster.name = name
        cluster.connectTimeout = .init(.milliseconds(250))
        cluster.lbPolicy = .roundRobin
        cluster.circuitBreakers.thresholds = [
            .with {
                $0.maxConnections = .init(64)
                // What piles up is answered too late to matter.
                $0.maxPendingRequests = .init(4096)
                $0.maxRequests = .init(16_384)
            }
        ]
        // Health is not looked at: a limiter that is away costs its timeout and nothing more.
        cluster.commonLbConfig.healthyPanicThreshold.value = 1
        cluster.typedExtensionProtocolOptions["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] =
            Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.with {
                $0.explicitHTTPConfig.http2ProtocolOptions = .init()
            }.packed
        setEndpoints(of: &cluster, settings)
        if let tls = settings.tls, case .tcp(let host, _)? = settings.address {
            cluster.transportSocket = .init(tls: context(for: tls, host: host))
        }
        return DiscoveryResource(
            name: ResourceName(.cluster, name), head: cluster.encoded(), origins: [.builtIn])
    }

    private static func setEndpoints(
        of cluster: inout Envoy_Config_Cluster_V3_Cluster, _ settings: LimiterSettings
    ) {
        cluster.type = .static
        cluster.loadAssignment.clusterName = name
        guard let address = settings.address else { return }
        var message = Envoy_Config_Core_V3_Address()
        switch address {
        case .unixSocket(let path): message.pipe.path = path
        case .tcp(let host, let port):
            message = .init(host: host, port: port)
            cluster.type = .strictDns
            cluster.dnsLookupFamily = .v4Preferred
            cluster.dnsRefreshRate = .init(.seconds(5))
            cluster.dnsFailureRefreshRate = .with {
                $0.baseInterval = .init(.seconds(1))
                $0.maxInterval = .init(.seconds(5))
            }
            cluster.upstreamConnectionOptions.tcpKeepalive = .with {
                $0.keepaliveTime = 10
                $0.keepaliveInterval = 5
                $0.keepaliveProbes = 3
            }
        }
        cluster.loadAssignment.endpoints = [.with { $0.lbEndpoints = [.with { $0.endpoint.address = message }] }]
    }

    private static func context(
        for tls: LimiterSettings.MutualTLS, host: String
    ) -> Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext {
        .with {
            $0.sni = host
            $0.commonTlsContext.tlsParams = TLSParameters.modern
            $0.commonTlsContext.alpnProtocols = ["h2"]
            $0.commonTlsContext.tlsCertificates = [
                .with {
                    $0.certificateChain.filename = tls.certificateChainFile
                    $0.privateKey.filename = tls.privateKeyFile
                }
            ]
            $0.commonTlsContext.validationContext = .with {
                $0.trustedCa.filename = tls.authorityFile
                $0.matchTypedSubjectAltNames = [
                    .with {
                        $0.sanType = .dns
                        $0.matcher.exact = host
                    }
                ]
            }
        }
    }
}
