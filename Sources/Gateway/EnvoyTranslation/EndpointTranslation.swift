import DiscoveryProtocol
import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

enum EndpointTranslation {
    /// Endpoints grouped by zone, in the plan's order within one.
    static func resource(for name: BackendName, endpoints: EndpointSet, origin: Origin) -> DiscoveryResource {
        var zones: [String: [Envoy_Config_Endpoint_V3_LbEndpoint]] = [:]
        for endpoint in endpoints.endpoints {
            zones[endpoint.zone ?? "", default: []].append(
                .with {
                    $0.endpoint.address = .init(endpoint.address)
                    // Envoy gives a draining endpoint what it already has, and new requests only in panic: see the
                    // threshold in `ClusterTranslation`.
                    if endpoint.state == .draining { $0.healthStatus = .draining }
                })
        }
        let assignment = Envoy_Config_Endpoint_V3_ClusterLoadAssignment.with {
            $0.clusterName = name.description
            $0.endpoints = zones.sorted { $0.key < $1.key }.map { zone, members in
                .with {
                    if !zone.isEmpty { $0.locality.zone = zone }
                    $0.lbEndpoints = members
                }
            }
        }
        return DiscoveryResource(
            name: ResourceName(.clusterLoadAssignment, name.description), head: assignment.encoded(),
            origins: [origin])
    }
}
