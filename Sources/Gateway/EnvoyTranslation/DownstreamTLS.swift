import EnvoyAPI
import SwiftProtobuf

/// How handshakes get their certificates. Measured on Envoy 1.40:
///
/// - The on-demand selector asks for a secret by server name during the handshake, on the aggregated stream, and pauses
///   it for the round trip (a millisecond or two). A renewed secret serves the next handshake and leaves connections
///   alone; a removed one fails handshakes until it is asked for and answered again.
/// - Envoy remembers every name it was asked for, at about 26 KB each, until the server says that the resource is
///   removed. The discovery server must therefore take back names that no certificate of their own covers.
/// - The name arrives as the client wrote it, capitals included.
/// - The selector refuses to load unless both kinds of session resumption are off, so each connection pays a full
///   handshake.
enum DownstreamTLS {
    private typealias Context = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext
    private typealias OnDemand = Envoy_Extensions_TransportSockets_Tls_CertSelectors_OnDemandSecret_V3_Config
    private typealias SNI = Envoy_Extensions_TransportSockets_Tls_CertMappers_Sni_V3_SNI

    /// Not `*`, which on a delta stream means every resource, and no server name either, so that no host can claim it.
    /// No certificate covers it, and the default one answers.
    static let defaultSecretName = "fairway:default"

    static let byServerName = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext.with {
        $0.commonTlsContext = common
        $0.commonTlsContext.customTlsCertificateSelector = .init(
            name: "envoy.tls.certificate_selectors.on_demand_secret",
            OnDemand.with {
                $0.configSource = .aggregated
                $0.certificateMapper = .init(
                    name: "envoy.tls.certificate_mappers.sni", SNI.with { $0.defaultValue = defaultSecretName })
            })
        $0.disableStatelessSessionResumption = true
        $0.disableStatefulSessionResumption = true
    }

    static let byDefault = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext.with {
        $0.commonTlsContext = common
        $0.commonTlsContext.tlsCertificateSdsSecretConfigs = [
            .with {
                $0.name = defaultSecretName
                $0.sdsConfig = .aggregated
            }
        ]
    }

    private static let common = Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext.with {
        $0.tlsParams = TLSParameters.modern
        $0.alpnProtocols = ["h2", "http/1.1"]
    }
}

/// Lets only well-formed server names reach the on-demand selector.
///
/// What a client writes there becomes a resource name. `*` would subscribe Envoy to every secret, and from then on it
/// refuses each secret it is sent, so that one handshake of a stranger would end TLS for every name not yet seen
/// (tried, it does). `xdstp:` and bytes that are not UTF-8 have meanings or effects of their own. All those get the
/// default certificate.
enum ServerNameGuard {
    static let named = "named"
    static let unnamed = "unnamed"

    /// Envoy compares in lower case, and TLS itself keeps names within 255 bytes.
    static let pattern = #"[a-z0-9_-]+(\.[a-z0-9_-]+)*"#

    static let matcher = Xds_Type_Matcher_V3_Matcher.with {
        $0.matcherList.matchers = [
            .with {
                $0.predicate.singlePredicate = .with {
                    $0.input.name = "envoy.matching.inputs.server_name"
                    $0.input.typedConfig = Envoy_Extensions_Matching_CommonInputs_Network_V3_ServerNameInput().packed
                    $0.valueMatch.safeRegex = .with {
                        $0.googleRe2 = .init()
                        $0.regex = pattern
                    }
                }
                $0.onMatch = choice(of: named)
            }
        ]
        $0.onNoMatch = choice(of: unnamed)
    }

    private static func choice(of chain: String) -> Xds_Type_Matcher_V3_Matcher.OnMatch {
        .with {
            $0.action.name = chain
            $0.action.typedConfig = Google_Protobuf_StringValue.with { $0.value = chain }.packed
        }
    }
}
