/// The generic cell rate algorithm (ITU-T I.371, the virtual scheduling form): a token bucket kept as one instant.
///
/// The *theoretical arrival* is when the bucket will be full again. A request of cost `c` moves it by `c` tokens' worth,
/// from now where it has passed; the request is refused, and nothing moves, where that would lie more than a whole
/// bucket ahead.
///
/// **What it promises**: in any stretch of time of length `t`, wherever it begins, requests of at most
/// `burst + t * requests / period` tokens pass. There are no windows, so there is no edge at which a client could spend
/// two of them. Arithmetic is in whole numbers: nothing drifts.
package enum GCRA {
    /// When a bucket is full again: an instant of the clock, and a fraction of a tick in the rate's own unit.
    package typealias Arrival = TokenSpan

    package struct Verdict: Hashable, Sendable {
        package var isAllowed: Bool
        /// What to keep; of a refused request, what was there.
        package var arrival: Arrival
        package var budget: Budget

        package init(isAllowed: Bool, arrival: Arrival, budget: Budget) {
            self.isAllowed = isAllowed
            self.arrival = arrival
            self.budget = budget
        }
    }

    /// What a key has left, in tokens and ticks.
    package struct Budget: Hashable, Sendable {
        /// Whole tokens; below zero where a response has cost more than there was.
        package var remaining: Int64
        /// Until the bucket is full.
        package var resetAfter: Int64
        /// Until this request would pass; 0 where it did. `nil`: it never will, being larger than the bucket.
        package var retryAfter: Int64?

        package init(remaining: Int64, resetAfter: Int64, retryAfter: Int64?) {
            self.remaining = remaining
            self.resetAfter = resetAfter
            self.retryAfter = retryAfter
        }
    }

    /// `arrival`: as kept; `nil` where the key is new. `now` must not go back between calls for one key.
    package static func decide(arrival: Arrival?, now: Int64, rate: TokenRate, cost: Int64) -> Verdict {
        let base = base(arrival, now)
        guard rate.requests > 0, rate.burst > 0 else {
            return Verdict(
                isAllowed: false, arrival: base, budget: Budget(remaining: 0, resetAfter: 0, retryAfter: nil))
        }
        let charged = base.adding(rate.span(of: cost), requests: rate.requests)
        let edge = TokenSpan(ticks: now, fraction: 0).adding(rate.capacity, requests: rate.requests)
        if charged <= edge {
            return Verdict(isAllowed: true, arrival: charged, budget: budget(charged, edge, now, rate, retryAfter: 0))
        }
        let wait = cost > rate.burst ? nil : charged.subtracting(edge, requests: rate.requests).roundedUp
        return Verdict(isAllowed: false, arrival: base, budget: budget(base, edge, now, rate, retryAfter: wait))
    }

    /// Takes `cost` tokens whatever is left: for costs known only after the response. The next requests wait for it.
    package static func charge(arrival: Arrival?, now: Int64, rate: TokenRate, cost: Int64) -> Arrival {
        let charged = base(arrival, now).adding(rate.span(of: cost), requests: rate.requests)
        // Debt is as bounded as a bucket is.
        let limit = TokenSpan(ticks: now + rate.longest, fraction: 0)
        return min(charged, limit)
    }

    /// Gives `cost` tokens back.
    package static func refund(arrival: Arrival, rate: TokenRate, cost: Int64) -> Arrival {
        arrival.subtracting(rate.span(of: cost), requests: rate.requests)
    }

    /// What is left, for a request of one token.
    package static func budget(arrival: Arrival?, now: Int64, rate: TokenRate) -> Budget {
        let verdict = decide(arrival: arrival, now: now, rate: rate, cost: 1)
        guard verdict.isAllowed else { return verdict.budget }
        let edge = TokenSpan(ticks: now, fraction: 0).adding(rate.capacity, requests: rate.requests)
        return budget(base(arrival, now), edge, now, rate, retryAfter: 0)
    }

    /// Carries a counter over to another allowance: as many tokens are missing as before, but no more than the new bucket
    /// holds. Debt (beyond the old bucket) stays debt.
    package static func convert(_ arrival: Arrival, now: Int64, from old: TokenRate, to new: TokenRate) -> Arrival {
        guard old != new else { return arrival }
        guard arrival.ticks >= now, old.requests > 0, new.requests > 0 else {
            return TokenSpan(ticks: min(arrival.ticks, now), fraction: 0)
        }
        let ahead = arrival.subtracting(TokenSpan(ticks: now, fraction: 0), requests: old.requests)
        // Rounded up: an edit never gives a token away.
        let worth = Int128(ahead.ticks) * Int128(old.requests) + Int128(ahead.fraction)
        let missing = Int64(clamping: (worth + Int128(old.period) - 1) / Int128(old.period))
        let debt = max(0, missing - old.burst)
        let span = new.span(of: min(missing - debt, new.burst) + debt)
        return TokenSpan(ticks: now, fraction: 0).adding(span, requests: new.requests)
    }

    private static func base(_ arrival: Arrival?, _ now: Int64) -> Arrival {
        guard let arrival, arrival.ticks >= now else { return TokenSpan(ticks: now, fraction: 0) }
        return arrival
    }

    private static func budget(
        _ arrival: Arrival, _ edge: TokenSpan, _ now: Int64, _ rate: TokenRate, retryAfter: Int64?
    ) -> Budget {
        let left = edge.subtracting(arrival, requests: rate.requests)
        let reset = max(0, arrival.roundedUp - now)
        return Budget(remaining: tokens(in: left, rate), resetAfter: reset, retryAfter: retryAfter)
    }

    /// Whole tokens, rounded down; also of a span below zero.
    private static func tokens(in span: TokenSpan, _ rate: TokenRate) -> Int64 {
        if span.ticks >= 0, span.ticks < Int64.max / (2 * rate.requests) {
            return (span.ticks * rate.requests + span.fraction) / rate.period
        }
        let worth = Int128(span.ticks) * Int128(rate.requests) + Int128(span.fraction)
        let whole = worth / Int128(rate.period)
        return Int64(clamping: worth < 0 && whole * Int128(rate.period) != worth ? whole - 1 : whole)
    }
}
