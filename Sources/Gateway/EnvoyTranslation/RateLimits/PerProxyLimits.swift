import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// Limits that each proxy holds by itself, with Envoy's token buckets.
///
/// A bucket belongs to a list of entries, and a request makes such lists by actions. So each limit gives, for every
/// condition and every allowance, one rule that takes exactly the requests which the rules before it do not: a request
/// makes at most one list for a limit, and is counted once. What is the same in all lists is told from the rest by
/// place: one entry for each exemption, condition and allowance, whose value is always `SlotValue`.
enum PerProxyLimits {
    typealias Configuration = Envoy_Extensions_Filters_Http_LocalRatelimit_V3_LocalRateLimit
    typealias Bucket = Envoy_Type_V3_TokenBucket

    static let metadataNamespace = "fairway.limits"
    static let bodyKey = "body"
    static let typeKey = "type"
    /// Envoy keeps so many buckets for the values that it meets, for each bucket we describe; then it forgets the one
    /// that was used least recently.
    static let mostBuckets: UInt32 = 65_536

    static func configuration(_ limits: [RateLimit]) -> Configuration {
        var configuration = Configuration()
        configuration.statPrefix = LimitFilters.perProxyStatPrefix
        configuration.tokenBucket = bottomless
        configuration.alwaysConsumeDefaultTokenBucket.value = false
        configuration.filterEnabled = always
        configuration.filterEnforced = always
        configuration.rateLimitedAsResourceExhausted = true
        configuration.maxDynamicDescriptors = .init(mostBuckets)
        setAnswer(of: &configuration, limits)
        for limit in limits {
            let rules = PerProxyRules(limit)
            configuration.rateLimits += rules.entries
            configuration.descriptors += rules.buckets
        }
        return configuration
    }

    /// For the local reply mapper, which finds the body here.
    static func metadata(_ answer: LimitAnswer) -> Google_Protobuf_Struct {
        .with {
            $0.fields[bodyKey] = .init(stringValue: answer.body)
            $0.fields[typeKey] = .init(stringValue: answer.contentType)
        }
    }

    private static func setAnswer(of configuration: inout Configuration, _ limits: [RateLimit]) {
        guard let answer = limits.first?.answer else { return }
        configuration.status.code = .init(rawValue: Int(answer.status)) ?? .tooManyRequests
        if answer.tellsBudget { configuration.enableXRatelimitHeaders = .draftVersion03 }
        configuration.responseHeadersToAdd = answer.headers.map { header($0.name, $0.value) }
        if answer.tellsRetryAfter {
            let wait = limits.map(\.longestWait).max() ?? 1
            configuration.responseHeadersToAdd.append(header("retry-after", String(wait)))
        }
    }

    private static func header(_ name: String, _ value: String) -> Envoy_Config_Core_V3_HeaderValueOption {
        .with {
            $0.header.key = name
            // A percent sign begins a command of Envoy's.
            $0.header.value = value.replacing("%", with: "%%")
            $0.appendAction = .overwriteIfExistsOrAdd
        }
    }

    /// For requests that no limit counts.
    private static let bottomless = Bucket.with {
        $0.maxTokens = .max
        $0.tokensPerFill = .init(.max)
        $0.fillInterval = .init(.seconds(1))
    }

    private static let always = Envoy_Config_Core_V3_RuntimeFractionalPercent.with {
        $0.defaultValue.numerator = 100
    }

    /// Of an allowance with requests in it: where there are none, see `PerProxyRules.cost`.
    static func bucket(_ allowance: Allowance) -> Bucket {
        .with {
            $0.maxTokens = UInt32(clamping: max(allowance.burst, 1))
            $0.tokensPerFill = .init(UInt32(clamping: max(allowance.requests, 1)))
            $0.fillInterval = .init(.seconds(allowance.period.seconds))
        }
    }
}

extension RateLimit {
    /// Seconds in which a request's cost comes back, at the slowest of the allowances.
    fileprivate var longestWait: Int64 {
        let all = [allowance] + conditionalAllowances.compactMap(\.allowance)
        let cost = if case .fixed(let cost) = cost { max(cost, 1) } else { Int64(1) }
        return all.map { allowance in
            guard allowance.requests > 0 else { return allowance.period.seconds }
            let (product, overflows) = allowance.period.seconds.multipliedReportingOverflow(by: cost)
            return overflows
                ? allowance.period.seconds : max((product + allowance.requests - 1) / allowance.requests, 1)
        }.max() ?? 1
    }
}
