import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// The HTTP connection manager of a listener, set as Envoy's guide for edge proxies asks, and stricter where it pays.
enum ConnectionManager {
    typealias Configuration =
        Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager

    static func configuration(for listener: Listener, settings: TranslationSettings) -> Configuration {
        var manager = Configuration()
        manager.statPrefix = listener.name.text
        manager.rds.configSource = .aggregated
        manager.rds.routeConfigName = Translator.routeTableName
        manager.httpFilters = LimitFilters.all(settings.limiter) + [router]
        // PASS_THROUGH adds no `server` header and leaves the backend's own.
        manager.serverHeaderTransformation = .passThrough
        manager.localReplyConfig = LocalReplies.configuration
        manager.accessLog = AccessLogging.loggers(settings.accessLog)
        manager.upgradeConfigs = [.with { $0.upgradeType = "websocket" }]
        setTrust(of: &manager, client: listener.client)
        setPaths(of: &manager)
        setLimits(of: &manager, client: listener.client)
        return manager
    }

    /// Every filter there is stands before it, always, in the same order and off by default; policy turns them on per
    /// route. Only the router is on for all.
    private static let router = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter.with {
        $0.name = "envoy.filters.http.router"
        // Without this, answers tell strangers about our insides in `x-envoy-*`.
        $0.typedConfig =
            Envoy_Extensions_Filters_Http_Router_V3_Router.with { $0.suppressEnvoyHeaders = true }.packed
    }

    /// Who the client is, and what of its word about itself is believed.
    private static func setTrust(of manager: inout Configuration, client: ClientSettings) {
        if client.trustedProxies.isEmpty {
            manager.useRemoteAddress = true
            manager.xffNumTrustedHops = client.trustedHops
        } else {
            // Envoy takes its detectors' word only where it does not use the connection's address itself.
            manager.useRemoteAddress = false
            manager.originalIpDetectionExtensions = [TrustedProxies.detection(client.trustedProxies)]
        }
        // Nobody is internal, so `x-envoy-*` request headers have no power whatever address they come from. An empty list
        // would mean every private network, so it holds an address that no client has (RFC 919: broadcast).
        manager.internalAddressConfig.cidrRanges = [
            .with {
                $0.addressPrefix = "255.255.255.255"
                $0.prefixLen = 32
            }
        ]
        manager.forwardClientCertDetails = .sanitize
        manager.appendXForwardedPort = true
        manager.earlyHeaderMutationExtensions = [
            .init(
                name: "envoy.http.early_header_mutation.header_mutation",
                ForwardedHeaders.removal(trusting: client.trustsProxies))
        ]
    }

    /// As `ClientSettings` says that paths and hosts are compared.
    private static func setPaths(of manager: inout Configuration) {
        manager.normalizePath = true
        manager.mergeSlashes = true
        manager.pathWithEscapedSlashesAction = .keepUnchanged
        manager.stripTrailingHostDot = true
    }

    private static func setLimits(of manager: inout Configuration, client: ClientSettings) {
        manager.requestHeadersTimeout = .init(client.requestHeadersTimeout)
        manager.streamIdleTimeout = .init(client.streamIdleTimeout)
        manager.maxRequestHeadersKb = .init(client.maxRequestHeaderKiB)
        manager.commonHTTPProtocolOptions = .with {
            $0.idleTimeout = .init(client.connectionIdleTimeout)
            $0.maxHeadersCount = .init(client.maxRequestHeaders)
            // Backends that take `_` for `-` would be told `X_Forwarded_For` by a stranger. Dropped, as nginx has always
            // done, and not refused as Envoy's guide says: gRPC metadata often has underscores, and a call is worth more
            // than such a header.
            $0.headersWithUnderscoresAction = .dropHeader
        }
        manager.http2ProtocolOptions = .with {
            $0.maxConcurrentStreams = .init(client.maxConcurrentStreams)
            $0.initialStreamWindowSize = .init(client.streamWindowBytes)
            $0.initialConnectionWindowSize = .init(client.connectionWindowBytes)
            // WebSocket over HTTP/2 (RFC 8441). A plain CONNECT finds no route, since routes match by path.
            $0.allowConnect = true
        }
    }
}

/// Headers by which proxies tell each other about the client, and by which strangers like to lie.
enum ForwardedHeaders {
    typealias Mutation = Envoy_Extensions_Http_EarlyHeaderMutation_HeaderMutation_V3_HeaderMutation

    /// Removed before Envoy writes its own `x-forwarded-for`, `-proto` and `-port`, which then hold the connection's
    /// facts alone. With trusted proxies the standard ones must stay, for they carry the trusted proxy's word.
    static func removal(trusting trustsProxies: Bool) -> Mutation {
        let names = trustsProxies ? always : always + untrusted
        let prefixes = trustsProxies ? ["x-envoy-"] : ["x-envoy-", "x-forwarded-"]
        return .with {
            $0.mutations =
                names.map { name in .with { $0.remove = name } }
                + prefixes.map { prefix in .with { $0.removeOnMatch.keyMatcher.prefix = prefix } }
        }
    }

    /// Some frameworks route by these instead of the path.
    private static let always = ["x-original-url", "x-rewrite-url"]
    private static let untrusted = ["forwarded", "x-real-ip", "x-scheme", "x-original-forwarded-for"]
}
