import DiscoveryProtocol
import EnvoyAPI
import NetTypes
import SwiftProtobuf
import TrafficPlan

enum ClusterTranslation {
    static let bufferBytes: UInt32 = 32 * 1024

    static func resource(for backend: Backend, settings: TranslationSettings) -> DiscoveryResource {
        let name = backend.name.description
        var cluster = Envoy_Config_Cluster_V3_Cluster()
        cluster.name = name
        cluster.connectTimeout = .init(backend.connectTimeout)
        cluster.perConnectionBufferLimitBytes = .init(bufferBytes)
        cluster.lbPolicy = .leastRequest
        cluster.circuitBreakers.thresholds = [thresholds(backend.limits)]
        // Panic, in which health is disregarded, only when no endpoint is ready: then draining ones are used rather
        // than none. Envoy's own 50 % would send half of the requests to draining endpoints in the middle of a rollout;
        // 0 would turn panic off.
        cluster.commonLbConfig.healthyPanicThreshold.value = 1
        cluster.ignoreHealthOnHostRemoval = true
        // A peer that vanished without a word is noticed in about two minutes, however long a stream is silent.
        cluster.upstreamConnectionOptions.tcpKeepalive = .with {
            $0.keepaliveTime = 60
            $0.keepaliveInterval = 20
            $0.keepaliveProbes = 3
        }
        cluster.typedExtensionProtocolOptions[protocolOptionsName] = protocolOptions(for: backend.version).packed
        if let tls = backend.tls { cluster.transportSocket = .init(tls: context(for: tls, settings: settings)) }
        let references = setDiscovery(of: &cluster, for: backend)
        return DiscoveryResource(
            name: ResourceName(.cluster, name), head: cluster.encoded(), references: references,
            origins: [backend.origin])
    }

    private static func setDiscovery(
        of cluster: inout Envoy_Config_Cluster_V3_Cluster, for backend: Backend
    ) -> Set<ResourceName> {
        switch backend.discovery {
        case .endpoints:
            cluster.type = .eds
            cluster.edsClusterConfig.edsConfig = .aggregated
            return [ResourceName(.clusterLoadAssignment, cluster.name)]
        case .dns(let host, let port):
            // Every address is used, because the name may be a headless Service's.
            cluster.type = .strictDns
            cluster.dnsLookupFamily = .v4Preferred
            cluster.respectDnsTtl = true
            cluster.dnsFailureRefreshRate = .with {
                $0.baseInterval = .init(.seconds(2))
                $0.maxInterval = .init(.seconds(30))
            }
            cluster.loadAssignment = .with {
                $0.clusterName = cluster.name
                $0.endpoints = [
                    .with { $0.lbEndpoints = [.with { $0.endpoint.address = .init(host: host, port: port) }] }
                ]
            }
            return []
        }
    }

    private static func thresholds(
        _ limits: BackendLimits
    ) -> Envoy_Config_Cluster_V3_CircuitBreakers.Thresholds {
        .with {
            $0.maxConnections = .init(limits.maxConnections)
            $0.maxPendingRequests = .init(limits.maxPendingRequests)
            $0.maxRequests = .init(limits.maxRequests)
            $0.maxRetries = .init(limits.maxRetries)
        }
    }

    private static func context(
        for tls: UpstreamTLS, settings: TranslationSettings
    ) -> Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext {
        let isAddress = IPAddress(tls.serverName) != nil
        return .with {
            // RFC 6066 section 3: no addresses in SNI.
            if !isAddress { $0.sni = tls.serverName }
            $0.commonTlsContext.tlsParams = TLSParameters.modern
            $0.commonTlsContext.validationContext = .with {
                if let certificates = tls.trustedCertificates {
                    $0.trustedCa.inlineString = certificates
                } else {
                    $0.trustedCa.filename = settings.systemRoots
                }
                $0.matchTypedSubjectAltNames = [
                    .with {
                        $0.sanType = isAddress ? .ipAddress : .dns
                        $0.matcher.exact = tls.serverName
                    }
                ]
            }
        }
    }
}

extension ClusterTranslation {
    private static let protocolOptionsName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

    private static func protocolOptions(
        for version: Backend.Version
    ) -> Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions {
        .with {
            switch version {
            case .http1: $0.explicitHTTPConfig.httpProtocolOptions = .init()
            case .http2: $0.explicitHTTPConfig.http2ProtocolOptions = http2
            case .negotiated:
                $0.autoConfig.httpProtocolOptions = .init()
                $0.autoConfig.http2ProtocolOptions = http2
            }
            $0.commonHTTPProtocolOptions.idleTimeout = .init(version == .http1 ? idleHTTP1 : .seconds(60))
            $0.retryPolicy = safeRetries
        }
    }

    /// Shorter than the five seconds after which common servers (Node, Apache, uvicorn) close a silent connection:
    /// whoever closes second loses the request that crossed the close on the wire, and HTTP/1 cannot tell whether it
    /// was handled. HTTP/2 can, so it keeps its connections longer.
    private static let idleHTTP1 = Duration.seconds(4)

    private static let http2 = Envoy_Config_Core_V3_Http2ProtocolOptions.with {
        $0.initialStreamWindowSize = .init(64 * 1024)
        $0.initialConnectionWindowSize = .init(1024 * 1024)
        // No keep-alive pings: gRPC's servers take more than one in five minutes for abuse and hang up.
    }

    /// Only what cannot have reached the application: the connection failed, the stream was refused (HTTP/2), or was
    /// reset before the request was sent. So any method may be tried again, and a backend that is rolled loses nothing.
    ///
    /// It stands with the cluster rather than with each virtual host, because the route table is what Envoy rebuilds
    /// on every change. Envoy lets it override a route's own policy entirely.
    private static let safeRetries = Envoy_Config_Route_V3_RetryPolicy.with {
        $0.retryOn = "connect-failure,refused-stream,reset-before-request"
        $0.numRetries = 3
        $0.retryHostPredicate = [
            .with {
                $0.name = "envoy.retry_host_predicates.previous_hosts"
                $0.typedConfig = Envoy_Extensions_Retry_Host_PreviousHosts_V3_PreviousHostsPredicate().packed
            }
        ]
        $0.hostSelectionRetryMaxAttempts = 5
        $0.retryBackOff = .with {
            $0.baseInterval = .init(.milliseconds(10))
            $0.maxInterval = .init(.milliseconds(200))
        }
    }
}
