import EnvoyAPI
import EnvoyTranslation
import FoundationEssentials
import RateLimiter
import SwiftProtobuf
import TrafficPlan

typealias RateLimitResponse = Envoy_Service_Ratelimit_V3_RateLimitResponse

extension RateLimitResponse {
    static let ok = RateLimitResponse.with { $0.overallCode = .ok }

    /// More names than this are not written into the access log.
    private static let mostNames = 8
    /// An answer where nobody could count and the limit denies then.
    private static let failureBody = "this request cannot be checked against its limits now\n"

    init(_ decision: LimitDecision) {
        self.init()
        overallCode = decision.isAllowed ? .ok : .overLimit
        responseHeadersToAdd = decision.responseHeaders.map(HeaderValue.init)
        var metadata: [String: String] = [:]
        let shadowed = Set(decision.parts.filter { $0.outcome == .shadowed }.map(\.definition.name)).sorted()
        if !shadowed.isEmpty {
            metadata[LimitDescriptor.shadowedBy] =
                shadowed.prefix(Self.mostNames).map(\.description).joined(separator: ",")
        }
        if let deciding = decision.deciding { refuse(by: deciding, decision, &metadata) }
        for (key, value) in metadata { dynamicMetadata.fields[key] = .init(stringValue: value) }
    }

    private typealias HeaderValue = Envoy_Config_Core_V3_HeaderValue

    private mutating func refuse(
        by deciding: LimitDecision.Part, _ decision: LimitDecision, _ metadata: inout [String: String]
    ) {
        metadata[LimitDescriptor.limitedBy] = deciding.definition.name.description
        guard !decision.isLimiterFailure else {
            metadata[LimitDescriptor.status] = "503"
            rawBody = Data(Self.failureBody.utf8)
            return
        }
        let answer = deciding.definition.answer
        metadata[LimitDescriptor.status] = String(answer.status)
        rawBody = Data(answer.body.utf8)
        if !answer.body.isEmpty {
            responseHeadersToAdd.append(HeaderValue(.init(name: "content-type", value: answer.contentType)))
        }
        responseHeadersToAdd += answer.headers.map(HeaderValue.init)
    }
}

extension Envoy_Config_Core_V3_HeaderValue {
    fileprivate init(_ header: Request.Header) {
        self.init()
        key = header.name
        value = header.value
    }
}
