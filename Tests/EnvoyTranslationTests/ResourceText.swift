import DiscoveryProtocol
import EnvoyAPI
import Foundation
import SwiftProtobuf

/// Decodes resources, for looking at and for printing.
enum ResourceText {
    /// The whole set as JSON, one resource after another, sorted as given.
    static func json(_ change: ResourceChange) throws -> String {
        var text = ""
        for resource in change.upserts {
            let parts = (change.parts[resource.name] ?? [:]).sorted { $0.key < $1.key }
            let bytes = parts.reduce(into: resource.head) { $0 += $1.value?.bytes ?? [] }
            let references = resource.references.map(\.description).sorted()
            text += "// \(resource.name)\n// from \(resource.origins)\n"
            if !references.isEmpty { text += "// needs \(references.joined(separator: ", "))\n" }
            for (key, part) in parts {
                text += "// part \(key): from \(part?.origins ?? []), "
                text += "needs \((part?.references ?? []).map(\.name).sorted())\n"
            }
            text += try json(bytes, of: resource.name.type) + "\n\n"
        }
        return text
    }

    private static func json(_ bytes: [UInt8], of type: ResourceType) throws -> String {
        switch type {
        case .cluster: try pretty(Envoy_Config_Cluster_V3_Cluster(serializedBytes: bytes))
        case .clusterLoadAssignment:
            try pretty(Envoy_Config_Endpoint_V3_ClusterLoadAssignment(serializedBytes: bytes))
        case .secret: try pretty(Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: bytes))
        case .listener: try pretty(Envoy_Config_Listener_V3_Listener(serializedBytes: bytes))
        case .routeConfiguration: try pretty(Envoy_Config_Route_V3_RouteConfiguration(serializedBytes: bytes))
        }
    }

    /// Through Foundation, which sorts the keys: protobuf keeps maps in no order.
    private static func pretty(_ message: some Message) throws -> String {
        let data = try message.jsonUTF8Data()
        let value = try JSONSerialization.jsonObject(with: data)
        let sorted = try JSONSerialization.data(
            withJSONObject: shortened(value), options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: sorted, as: UTF8.self)
    }

    /// There is a mapper for every status that a refusal may have; two of them tell about all.
    private static func shortened(_ value: Any) -> Any {
        if let array = value as? [Any] { return array.map(shortened) }
        guard var object = value as? [String: Any] else { return value }
        if let mappers = object["mappers"] as? [[String: Any]] {
            let statuses = mappers.filter { $0["statusCode"] != nil }
            object["mappers"] =
                mappers.filter { $0["statusCode"] == nil } + statuses.prefix(2) + ["and \(statuses.count - 2) more"]
        }
        return object.mapValues(shortened)
    }

    /// So that JSON can look into `Any`.
    static func registerTypes() {
        Google_Protobuf_Any.register(messageType: ConnectionManager.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Filters_Http_Router_V3_Router.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_AccessLoggers_Stream_V3_StdoutAccessLog.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.self)
        Google_Protobuf_Any.register(
            messageType: Envoy_Extensions_TransportSockets_Tls_CertSelectors_OnDemandSecret_V3_Config.self)
        Google_Protobuf_Any.register(
            messageType: Envoy_Extensions_TransportSockets_Tls_CertMappers_Sni_V3_SNI.self)
        Google_Protobuf_Any.register(
            messageType: Envoy_Extensions_Matching_CommonInputs_Network_V3_ServerNameInput.self)
        Google_Protobuf_Any.register(
            messageType: Envoy_Extensions_Http_EarlyHeaderMutation_HeaderMutation_V3_HeaderMutation.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Filters_Http_Ratelimit_V3_RateLimit.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Filters_Http_Ratelimit_V3_RateLimitPerRoute.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Filters_Http_LocalRatelimit_V3_LocalRateLimit.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_Filters_Http_HeaderToMetadata_V3_Config.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_AccessLoggers_Filters_Cel_V3_ExpressionFilter.self)
        Google_Protobuf_Any.register(messageType: Envoy_Extensions_RateLimitDescriptors_Expr_V3_Descriptor.self)
        Google_Protobuf_Any.register(
            messageType: Envoy_Extensions_Retry_Host_PreviousHosts_V3_PreviousHostsPredicate.self)
    }

    typealias ConnectionManager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager
}
