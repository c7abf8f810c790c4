import EnvoyAPI
import SwiftProtobuf

/// The bodies of answers that the proxy gives by itself because something is amiss: short, and nothing about our insides,
/// which Envoy's own texts tell (addresses, TLS errors). The access log has the details.
///
/// The first mapper that matches decides. Refusals of a limiter bring their own bodies; their status is chosen here, for
/// Envoy has one for all. A proxy's own limits have a status, and their body is chosen here.
enum LocalReplies {
    private typealias Mapper = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_ResponseMapper

    static let configuration = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_LocalReplyConfig.with {
        let usual = UInt16(429)
        $0.mappers =
            bodies.map { flags, body in
                Mapper.with {
                    $0.filter.responseFlagFilter.flags = flags
                    $0.body.inlineString = body
                }
            }
            + [limited(usual), perProxy("application/json"), perProxy("text/plain")]
            + LimitDescriptor.statuses.filter { $0 != usual }.map(limited)
    }

    static let noRoute = "no route for this host and path\n"
    static let brokenRoute = "this route is not configured correctly\n"

    /// By Envoy's response flags.
    private static let bodies: [(flags: [String], body: String)] = [
        (["NR"], noRoute),
        (["UH", "NC"], "the service has no ready endpoint\n"),
        (["UF"], "the service cannot be reached\n"),
        (["UC", "UR", "LR"], "the service broke off before it answered\n"),
        (["UPE"], "the service's answer is not valid HTTP\n"),
        (["UO"], "the service is overloaded\n"),
        (["UT"], "the service did not answer in time\n"),
        (["DF"], "the service's name cannot be resolved\n"),
        (["RLSE"], "this request cannot be checked against its limits now\n"),
    ]

    /// Where the limiter asks for this status.
    private static func limited(_ status: UInt16) -> Mapper {
        .with {
            $0.filter.metadataFilter.matcher = .with {
                $0.filter = LimitDescriptor.metadataNamespace
                $0.path = [.with { $0.key = LimitDescriptor.status }]
                $0.value.stringMatch.exact = String(status)
            }
            $0.filter.metadataFilter.matchIfKeyNotFound.value = false
            $0.statusCode = .init(UInt32(status))
        }
    }

    /// Envoy marks such an answer only after it has been mapped, but gives its reason before.
    private static func perProxy(_ contentType: String) -> Mapper {
        let namespace = PerProxyLimits.metadataNamespace
        let type = "xds.route_metadata.filter_metadata['\(namespace)']['\(PerProxyLimits.typeKey)']"
        return .with {
            $0.filter.extensionFilter.name = "envoy.access_loggers.extension_filters.cel"
            $0.filter.extensionFilter.typedConfig =
                Envoy_Extensions_AccessLoggers_Filters_Cel_V3_ExpressionFilter.with {
                    $0.expression = "response.code_details == 'local_rate_limited' && \(type) == '\(contentType)'"
                }.packed
            $0.bodyFormatOverride.textFormat = "%METADATA(ROUTE:\(namespace):\(PerProxyLimits.bodyKey))%"
            $0.bodyFormatOverride.omitEmptyValues = true
            $0.bodyFormatOverride.contentType = contentType
        }
    }
}
