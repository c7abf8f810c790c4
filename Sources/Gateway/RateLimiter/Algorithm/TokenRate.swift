package import TrafficPlan

/// An allowance in the unit of a clock: what GCRA counts with.
///
/// One token is worth `period / requests` ticks, seldom a whole number. So spans are kept as whole ticks and a fraction
/// with `requests` below the line: adding a million tokens one by one lands on the same instant as adding them at once.
package struct TokenRate: Hashable, Sendable {
    /// Tokens that come back in `period`; 0: nothing passes.
    package let requests: Int64
    /// Ticks of the clock.
    package let period: Int64
    /// Tokens in a full bucket.
    package let burst: Int64
    /// What one token is worth.
    package let interval: TokenSpan
    /// What a full bucket is worth: the time in which an empty one fills.
    package let capacity: TokenSpan

    /// A bucket that would take longer than a hundred years to fill holds what comes back in a hundred years.
    package static let longestSeconds: Int64 = 100 * 365 * 86_400

    package init(_ allowance: Allowance, ticksPerSecond: Int64) {
        self.init(
            requests: allowance.requests, period: allowance.period.seconds * ticksPerSecond, burst: allowance.burst,
            longest: Self.longestSeconds * ticksPerSecond)
    }

    /// `period` and `longest` in ticks; numbers out of `Allowance`'s bounds are brought back into them.
    package init(requests: Int64, period: Int64, burst: Int64, longest: Int64) {
        let most: Int64 = 1_000_000_000
        self.requests = min(max(requests, 0), most)
        self.period = max(period, 1)
        let wanted = self.requests == 0 ? 0 : min(max(burst, 0), most)
        let interval = TokenSpan.of(tokens: 1, requests: self.requests, period: self.period, longest: longest)
        self.interval = interval
        self.burst = min(wanted, max(interval.tokens(requests: self.requests, period: self.period, in: longest), 1))
        capacity = TokenSpan.of(tokens: self.burst, requests: self.requests, period: self.period, longest: longest)
        self.longest = longest
    }

    /// No span is longer, in ticks.
    package let longest: Int64

    package func span(of tokens: Int64) -> TokenSpan {
        tokens == 1 ? interval : .of(tokens: tokens, requests: requests, period: period, longest: longest)
    }
}

/// `ticks + fraction / requests` ticks, where `0 <= fraction < requests`.
package struct TokenSpan: Hashable, Sendable {
    package var ticks: Int64
    package var fraction: Int64

    package init(ticks: Int64, fraction: Int64) {
        self.ticks = ticks
        self.fraction = fraction
    }

    package static let zero = TokenSpan(ticks: 0, fraction: 0)

    /// `tokens * period / requests`, exactly, but no more than `longest`.
    static func of(tokens: Int64, requests: Int64, period: Int64, longest: Int64) -> TokenSpan {
        guard requests > 0 else { return tokens > 0 ? TokenSpan(ticks: longest, fraction: 0) : .zero }
        guard tokens > 0 else { return .zero }
        let product = tokens.multipliedFullWidth(by: period)
        // Else the quotient would not fit.
        guard product.high < requests / 4 else {
            let exact = (Int128(tokens) * Int128(period)).quotientAndRemainder(dividingBy: Int128(requests))
            guard exact.quotient < Int128(longest) else { return TokenSpan(ticks: longest, fraction: 0) }
            return TokenSpan(ticks: Int64(exact.quotient), fraction: Int64(exact.remainder))
        }
        let (quotient, remainder) = requests.dividingFullWidth(product)
        guard quotient < longest else { return TokenSpan(ticks: longest, fraction: 0) }
        return TokenSpan(ticks: quotient, fraction: remainder)
    }

    /// Whole tokens worth `ticks`.
    fileprivate func tokens(requests: Int64, period: Int64, in ticks: Int64) -> Int64 {
        guard requests > 0 else { return 0 }
        return Int64(clamping: Int128(ticks) * Int128(requests) / Int128(period))
    }

    func adding(_ other: TokenSpan, requests: Int64) -> TokenSpan {
        var sum = TokenSpan(ticks: ticks + other.ticks, fraction: fraction + other.fraction)
        if sum.fraction >= requests, requests > 0 {
            sum.fraction -= requests
            sum.ticks += 1
        }
        return sum
    }

    func subtracting(_ other: TokenSpan, requests: Int64) -> TokenSpan {
        var difference = TokenSpan(ticks: ticks - other.ticks, fraction: fraction - other.fraction)
        if difference.fraction < 0 {
            difference.fraction += requests
            difference.ticks -= 1
        }
        return difference
    }

    /// Whole ticks, rounded up.
    package var roundedUp: Int64 { fraction > 0 ? ticks + 1 : ticks }
}

extension TokenSpan: Comparable {
    /// Of spans of the same rate.
    package static func < (a: TokenSpan, b: TokenSpan) -> Bool {
        a.ticks == b.ticks ? a.fraction < b.fraction : a.ticks < b.ticks
    }
}
