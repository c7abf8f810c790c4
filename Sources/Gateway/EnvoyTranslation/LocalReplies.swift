import EnvoyAPI
import SwiftProtobuf

/// The bodies of answers that the proxy gives by itself because something is amiss: short, and nothing about our insides,
/// which Envoy's own texts tell (addresses, TLS errors). The access log has the details.
enum LocalReplies {
    private typealias Mapper = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_ResponseMapper

    static let configuration = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_LocalReplyConfig.with {
        $0.mappers = bodies.map { flags, body in
            Mapper.with {
                $0.filter.responseFlagFilter.flags = flags
                $0.body.inlineString = body
            }
        }
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
    ]
}
