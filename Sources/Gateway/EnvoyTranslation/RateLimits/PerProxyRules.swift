import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// One limit as rules that make lists of entries, and buckets that belong to such lists.
struct PerProxyRules {
    typealias Entry = Envoy_Config_Route_V3_RateLimit
    typealias Action = Entry.Action
    typealias Descriptor = Envoy_Extensions_Common_Ratelimit_V3_LocalRateLimitDescriptor
    private typealias Pair = Envoy_Extensions_Common_Ratelimit_V3_RateLimitDescriptor.Entry

    private(set) var entries: [Entry] = []
    private(set) var buckets: [Descriptor] = []
    private let limit: RateLimit
    private let conditions: [RequestCondition]

    private static let slotKey = "is"
    private static let slotValue = "1"

    init(_ limit: RateLimit) {
        self.limit = limit
        conditions = limit.conditions.isEmpty ? [RequestCondition()] : limit.conditions
        for place in conditions.indices { addRules(forConditionAt: place) }
        for (place, allowance) in allowances.enumerated() {
            if let allowance { addBuckets(for: allowance, at: place) }
        }
    }

    /// The conditional ones, in order, then the one for everybody else; `nil` where nothing is refused.
    private var allowances: [Allowance?] { limit.conditionalAllowances.map(\.allowance) + [limit.allowance] }

    private mutating func addRules(forConditionAt place: Int) {
        let matchers = conditions.map { RequestMatchers.headers(of: $0) }
        // One that takes all requests leaves none to those after it.
        guard !matchers[..<place].contains(where: \.isEmpty) || place == 0 else { return }
        let exemptions = limit.exemptions.map { Self.unless(RequestMatchers.headers(of: $0)) }
        let chosen = Self.choosing(place, among: matchers)
        for (index, allowance) in allowances.enumerated() {
            guard let allowance else { continue }
            var actions = [Self.generic("limit", limit.name.description)] + exemptions + chosen
            actions += conditions[place].queryParameters.map(Self.when)
            actions += Self.choosing(
                index, among: limit.conditionalAllowances.map { RequestMatchers.headers(of: $0.matches) } + [[]])
            actions.append(Self.generic("allowance", String(index)))
            actions += limit.key.enumerated().map { Self.action(for: $1.source, at: $0) }
            entries.append(
                .with {
                    $0.actions = actions
                    if let cost = cost(under: allowance) { $0.hitsAddend.number.value = cost }
                })
        }
    }

    /// More than a bucket can hold where nothing may pass: Envoy has no empty buckets.
    private func cost(under allowance: Allowance) -> UInt64? {
        if allowance.requests == 0 || allowance.burst == 0 { return 2 }
        guard case .fixed(let cost) = limit.cost, cost != 1 else { return nil }
        return UInt64(clamping: min(cost, 1_000_000_000))
    }

    /// One for every choice of missing parts, which Envoy leaves out of the list. Where a missing part exempts there is
    /// none, and so nothing is counted.
    private mutating func addBuckets(for allowance: Allowance, at place: Int) {
        let slots = limit.exemptions.count + conditions.count + limit.conditionalAllowances.count + 1
        let queries = conditions.count == 1 ? conditions[0].queryParameters.count : 0
        let head =
            [pair("limit", limit.name.description)]
            + Array(repeating: pair(Self.slotKey, Self.slotValue), count: slots + queries)
            + [pair("allowance", String(place))]
        var lists = [head]
        for (index, part) in limit.key.enumerated() {
            let present = lists.map { $0 + [pair(Self.key(for: part.source, at: index), "")] }
            lists = part.source.mayBeMissing && !part.exemptsMissing ? present + lists : present
        }
        buckets += lists.map { list in
            .with {
                $0.entries = list
                $0.tokenBucket =
                    allowance.requests == 0 || allowance.burst == 0
                    ? PerProxyLimits.bucket(Allowance(requests: 1, per: .second))
                    : PerProxyLimits.bucket(allowance)
                $0.shadowMode = limit.mode == .shadow
            }
        }
    }

    private func pair(_ key: String, _ value: String) -> Pair {
        .with {
            $0.key = key
            $0.value = value
        }
    }
}

extension PerProxyRules {
    /// True for what the choice at `place` takes, and none before it; as many actions whatever the place.
    private static func choosing(_ place: Int, among choices: [[RequestMatchers.Header]]) -> [Action] {
        choices.enumerated().map { index, matchers in
            if index < place { return unless(matchers) }
            return index == place ? when(matchers) : generic(slotKey, slotValue)
        }
    }

    private static func when(_ matchers: [RequestMatchers.Header], is expected: Bool = true) -> Action {
        guard !matchers.isEmpty else { return generic(slotKey, slotValue) }
        return .with {
            $0.headerValueMatch = .with {
                $0.descriptorKey = slotKey
                $0.descriptorValue = slotValue
                $0.expectMatch.value = expected
                $0.headers = matchers
            }
        }
    }

    private static func unless(_ matchers: [RequestMatchers.Header]) -> Action { when(matchers, is: false) }

    private static func when(_ match: ValueMatch) -> Action {
        .with {
            $0.queryParameterValueMatch = .with {
                $0.descriptorKey = slotKey
                $0.descriptorValue = slotValue
                $0.expectMatch.value = match.test != .absent
                $0.queryParameters = [
                    .with {
                        $0.name = match.name
                        switch match.test {
                        case .exact(let value): $0.stringMatch.exact = value
                        case .regex(let expression): $0.stringMatch.safeRegex.regex = expression
                        case .present, .absent: $0.presentMatch = true
                        }
                    }
                ]
            }
        }
    }

    private static func generic(_ key: String, _ value: String) -> Action {
        .with {
            $0.genericKey.descriptorKey = key
            $0.genericKey.descriptorValue = value
        }
    }

    private static func key(for source: KeyPart.Source, at index: Int) -> String {
        // Envoy's action for addresses names its entry itself.
        if case .clientAddress = source { return "masked_remote_address" }
        return "k\(index)"
    }

    private static func action(for source: KeyPart.Source, at index: Int) -> Action {
        let key = key(for: source, at: index)
        switch source {
        case .clientAddress(let ipv4Bits, let ipv6Bits):
            return .with {
                $0.maskedRemoteAddress.v4PrefixMaskLen = .init(UInt32(clamping: ipv4Bits))
                $0.maskedRemoteAddress.v6PrefixMaskLen = .init(UInt32(clamping: ipv6Bits))
            }
        case .header(let name): return header(name, key)
        case .method: return header(":method", key)
        case .host: return header(":authority", key)
        case .queryParameter(let name):
            return .with {
                $0.queryParameters = .with {
                    $0.queryParameterName = name
                    $0.descriptorKey = key
                    $0.skipIfAbsent = true
                }
            }
        case .path: return expression("request.url_path", key)
        case .pathSegment(let place):
            return expression("re.extract(request.url_path, '^/(?:[^/]+/){\(place)}([^/]+)', '\\\\1')", key)
        case .cookie(let name):
            let pattern = "(?:^|;)[ \\\\t]*" + literal(name) + "[ \\\\t]*=[ \\\\t]*\\\"?([^;\\\"]*)"
            return expression("re.extract(request.headers['cookie'], '\(pattern)', '\\\\1')", key)
        case .jwtClaim(let claim): return header(claim.header, key)
        }
    }

    private static func header(_ name: String, _ key: String) -> Action {
        .with {
            $0.requestHeaders = .with {
                $0.headerName = name
                $0.descriptorKey = key
                $0.skipIfAbsent = true
            }
        }
    }

    /// CEL; what it cannot extract is missing.
    private static func expression(_ text: String, _ key: String) -> Action {
        .with {
            $0.extension = .init(
                name: "envoy.rate_limit_descriptors.expr",
                Envoy_Extensions_RateLimitDescriptors_Expr_V3_Descriptor.with {
                    $0.descriptorKey = key
                    $0.skipIfError = true
                    $0.text = text
                })
        }
    }

    /// A cookie's name within an expression within a text of CEL.
    private static func literal(_ name: String) -> String {
        RequestMatchers.quoted(name).replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    }
}
