import DiscoveryProtocol
import EnvoyAPI
import GRPCCore

/// The gRPC service; one call is one proxy's stream.
struct DiscoveryService: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.SimpleServiceProtocol {
    let server: DiscoveryServer

    func deltaAggregatedResources(
        request: RPCAsyncSequence<Envoy_Service_Discovery_V3_DeltaDiscoveryRequest, any Error>,
        response: RPCWriter<Envoy_Service_Discovery_V3_DeltaDiscoveryResponse>, context: ServerContext
    ) async throws {
        let stream = try server.open(peer: context.remotePeer)
        defer { server.close(stream.id) }
        // The task of a handler is not cancelled with its call, so that end must be awaited as well.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await context.cancellation.cancelled }
            group.addTask {
                for try await message in request { server.received(message, from: stream.id) }
            }
            group.addTask {
                for await message in stream.responses {
                    try await response.write(Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(message))
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    func streamAggregatedResources(
        request: RPCAsyncSequence<Envoy_Service_Discovery_V3_DiscoveryRequest, any Error>,
        response: RPCWriter<Envoy_Service_Discovery_V3_DiscoveryResponse>, context: ServerContext
    ) async throws {
        throw RPCError(
            code: .unimplemented,
            message: "only delta discovery is served; set api_type DELTA_GRPC in the proxy's bootstrap")
    }
}
