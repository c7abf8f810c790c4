import EnvoyAPI
import EnvoyTranslation
import GRPCCore
import Logging
import RateLimiter
import TrafficPlan

/// Envoy's rate limit service, version 3: one call is one request's question, or the charge for its answer.
///
/// An error makes the proxy do what its limits say for a failing limiter.
struct RateLimitService: Envoy_Service_Ratelimit_V3_RateLimitService.SimpleServiceProtocol {
    /// Our proxies send one; a few cost nothing.
    private static let mostDescriptors = 8

    let sets: LimitSetHolder
    let metrics: ServiceMetrics

    func shouldRateLimit(
        request: Envoy_Service_Ratelimit_V3_RateLimitRequest, context: ServerContext
    ) async throws -> RateLimitResponse {
        guard request.domain == LimitDescriptor.domain, (1...Self.mostDescriptors).contains(request.descriptors.count)
        else {
            throw failed(.malformed, .invalidArgument, "not a question of a proxy of this fairway")
        }
        var response = RateLimitResponse.ok
        for descriptor in request.descriptors {
            let described = try described(descriptor)
            let answer = try await answer(described)
            guard answer.overallCode == .ok else { return answer }
            response = answer
        }
        return response
    }

    private func described(
        _ descriptor: Envoy_Extensions_Common_Ratelimit_V3_RateLimitDescriptor
    ) throws(RPCError) -> DescribedRequest {
        do throws(DescribedRequest.Malformed) {
            return try DescribedRequest(descriptor)
        } catch {
            throw failed(.malformed, .invalidArgument, error.description)
        }
    }

    private func answer(_ described: DescribedRequest) async throws -> RateLimitResponse {
        let id = LimitSetHolder.name(of: described.set, described.failureClass)
        guard await sets.waitUntilInstalled(id) else {
            throw failed(.unknownSet, .failedPrecondition, "no limit set \(described.set) is known here")
        }
        switch described.moment {
        case .arrival:
            guard let decision = await sets.limiter.decide(described.request, by: id) else {
                throw failed(.unknownSet, .failedPrecondition, "no limit set \(described.set) is known here")
            }
            return RateLimitResponse(decision)
        case .end(let costs, let isRefusal):
            // What the limiter refused has cost nothing.
            guard !isRefusal else { return .ok }
            try await sets.limiter.charge(described.request, by: id) { limit in
                guard case .responseHeader(let header) = limit.cost else { return nil }
                return header.cost(of: costs[header.name])
            }
            return .ok
        }
    }

    private func failed(_ reason: ServiceMetrics.Failure, _ code: RPCError.Code, _ message: String) -> RPCError {
        metrics.failed(reason)
        return RPCError(code: code, message: message)
    }
}
