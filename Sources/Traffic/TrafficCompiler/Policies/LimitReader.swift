import KubernetesModel
import TrafficPlan

/// Why a limit cannot hold.
struct LimitFault: Error, Hashable, Sendable {
    /// Within the limit.
    var field: String
    var message: String

    init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }
}

/// Reads one limit of a RateLimitPolicy.
enum LimitReader {
    static let maxEntries = 64
    static let maxAmount: Int64 = 1_000_000_000

    static func limit(
        _ limit: RateLimitPolicy.Limit, of policy: ObjectName, origin: Origin
    ) throws(LimitFault) -> RateLimit {
        try checkName(limit.name, "name")
        var read = RateLimit(
            name: RateLimitName(namespace: policy.namespace, policy: policy.name, limit: limit.name),
            allowance: try allowance(limit.allow, "allow"), origin: origin)
        for (index, condition) in try bounded(limit.when, "when").enumerated() {
            read.conditions.append(try ConditionReader.condition(condition, "when[\(index)]"))
        }
        for (index, part) in try bounded(limit.key, "key").enumerated() {
            read.key.append(try KeyReader.part(part, "key[\(index)]"))
        }
        read.conditionalAllowances = try conditionalAllowances(limit.allowances)
        for (index, exemption) in try bounded(limit.exemptions, "exemptions").enumerated() {
            read.exemptions.append(try KeyReader.matches(exemption.match, "exemptions[\(index)].match"))
        }
        read.cost = try cost(limit.cost)
        read.scope = try word(limit.scope, "scope", ["Global": .global, "PerProxy": .perProxy]) ?? .global
        read.mode = try word(limit.mode, "mode", ["Enforce": .enforce, "Shadow": .shadow]) ?? .enforce
        read.whenLimiterFails =
            try word(limit.onLimiterFailure, "onLimiterFailure", ["Allow": .allow, "Deny": .deny]) ?? .allow
        read.answer = try AnswerReader.answer(limit.answer)
        try checkWhole(read)
        return read
    }

    private static func checkName(_ name: String, _ field: String) throws(LimitFault) {
        guard DNSName.faultInLabel(name) == nil else {
            throw LimitFault(
                field, "\"\(name.clipped)\" is no DNS label: at most 63 of a to z, 0 to 9 and dashes within")
        }
    }

    static func bounded<Element>(
        _ list: [Element]?, _ field: String, most: Int = maxEntries
    ) throws(LimitFault) -> [Element] {
        guard let list else { return [] }
        guard list.count <= most else { throw LimitFault(field, "there are more than \(most) entries") }
        return list
    }

    static func word<Value>(
        _ text: String?, _ field: String, _ words: KeyValuePairs<String, Value>
    ) throws(LimitFault) -> Value? {
        guard let text else { return nil }
        guard let value = words.first(where: { $0.key == text })?.value else {
            let known = words.map(\.key).joined(separator: ", ")
            throw LimitFault(field, "\"\(text.clipped)\" is none of \(known)")
        }
        return value
    }

    static func allowance(_ allowance: RateLimitPolicy.Allowance, _ field: String) throws(LimitFault) -> Allowance {
        let period = try word(
            allowance.per, "\(field).per",
            ["Second": Allowance.Period.second, "Minute": .minute, "Hour": .hour, "Day": .day, "Month": .month])
        guard let period else { throw LimitFault("\(field).per", "it is missing") }
        guard (0...maxAmount).contains(allowance.requests) else {
            throw LimitFault("\(field).requests", "\(allowance.requests) is not within 0 to \(maxAmount)")
        }
        guard let burst = allowance.burst else { return Allowance(requests: allowance.requests, per: period) }
        guard allowance.requests > 0 || burst == 0 else {
            throw LimitFault("\(field).burst", "where requests is 0 nothing passes; leave burst out")
        }
        guard allowance.requests == 0 || (1...maxAmount).contains(burst) else {
            throw LimitFault("\(field).burst", "\(burst) is not within 1 to \(maxAmount)")
        }
        return Allowance(requests: allowance.requests, per: period, burst: burst)
    }

    private static func conditionalAllowances(
        _ list: [RateLimitPolicy.ConditionalAllowance]?
    ) throws(LimitFault) -> [ConditionalAllowance] {
        var read: [ConditionalAllowance] = []
        for (index, entry) in try bounded(list, "allowances").enumerated() {
            let field = "allowances[\(index)]"
            try checkName(entry.name, "\(field).name")
            guard !read.contains(where: { $0.name == entry.name }) else {
                throw LimitFault("\(field).name", "\(entry.name) stands twice")
            }
            let matches = try KeyReader.matches(entry.match, "\(field).match")
            guard (entry.allow == nil) == (entry.unlimited == true) else {
                throw LimitFault(field, "give exactly one of allow and unlimited: true")
            }
            var allowance: Allowance?
            if let allow = entry.allow { allowance = try self.allowance(allow, "\(field).allow") }
            read.append(ConditionalAllowance(name: entry.name, matches: matches, allowance: allowance))
        }
        return read
    }

    private static func cost(_ cost: RateLimitPolicy.Cost?) throws(LimitFault) -> Cost {
        guard let cost else { return .fixed(1) }
        guard [cost.fixed != nil, cost.requestHeader != nil, cost.responseHeader != nil].count(where: \.self) == 1
        else {
            throw LimitFault("cost", "give exactly one of fixed, requestHeader and responseHeader")
        }
        if let header = cost.requestHeader { return .requestHeader(try self.header(header, "cost.requestHeader")) }
        if let header = cost.responseHeader { return .responseHeader(try self.header(header, "cost.responseHeader")) }
        let fixed = cost.fixed ?? 1
        guard (1...maxAmount).contains(fixed) else {
            throw LimitFault("cost.fixed", "\(fixed) is not within 1 to \(maxAmount)")
        }
        return .fixed(fixed)
    }

    private static func header(
        _ header: RateLimitPolicy.HeaderCost, _ field: String
    ) throws(LimitFault) -> HeaderCost {
        var cost = HeaderCost(name: try KeyReader.headerName(header.name, "\(field).name"))
        cost.max = header.max ?? cost.max
        cost.otherwise = header.default ?? cost.otherwise
        guard (1...maxAmount).contains(cost.max) else {
            throw LimitFault("\(field).max", "\(cost.max) is not within 1 to \(maxAmount)")
        }
        guard (0...cost.max).contains(cost.otherwise) else {
            throw LimitFault("\(field).default", "\(cost.otherwise) is not within 0 to max, which is \(cost.max)")
        }
        return cost
    }

    /// What parts of a limit rule each other out.
    private static func checkWhole(_ limit: RateLimit) throws(LimitFault) {
        if case .fixed(let cost) = limit.cost, limit.allowance.requests > 0, cost > limit.allowance.burst {
            throw LimitFault(
                "cost.fixed", "no request could ever pass: it costs \(cost), and the burst is \(limit.allowance.burst)")
        }
        guard limit.scope == .perProxy else { return }
        if let reason = limit.unsupportedPerProxy {
            throw LimitFault("scope", "with PerProxy this limit cannot be held: \(reason); use Global")
        }
    }
}
