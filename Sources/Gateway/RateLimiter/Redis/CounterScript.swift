import Crypto

/// What Redis runs for one request: all its counters are read, judged and written in one step, by the server's own clock,
/// so that any number of limiters count as one.
///
/// Lua's numbers are doubles, exact up to 2^53: instants are microseconds (until the year 2255), and what a number of
/// tokens is worth comes worked out, as whole ticks and a fraction. Spans reach no further than a hundred years.
///
/// `KEYS`: the counters. `ARGV`: for each eight words: what to do, the allowance (requests, period in microseconds, burst),
/// the cost (ticks, fraction), and how far ahead the arrival may lie (ticks, fraction).
///
/// Kept is `arrival fraction requests period burst clock`. The last is the server's clock when it was written: where the
/// clock has been set back since, the arrival moves with it, so that nobody waits for the difference. A clock set forward
/// fills buckets, once; no key can spend more than one burst by it.
///
/// The answer is the clock, then for each counter whether it passes, and the arrival before this request.
enum CounterScript {
    enum Verb: String {
        /// Refuses the whole request where it does not pass.
        case take
        /// Refuses, but takes nothing.
        case check
        /// As the two above, but refuses nothing.
        case shadowTake = "shadow-take"
        case shadowCheck = "shadow-check"
        /// Takes whatever is left.
        case charge
        /// Gives back.
        case refund
        case peek
    }

    static let wordsPerCounter = 8

    static let sha1 = Insecure.SHA1.hash(data: Array(text.utf8)).map { byte in
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()

    static let text = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local answer, counters, passes = {now}, {}, true

        local function carry(ticks, fraction, from, to)
          local missing = math.ceil((ticks - now) / from.period * from.requests + fraction / from.period)
          local debt = math.max(0, missing - from.burst)
          return now + math.ceil((math.min(missing - debt, to.burst) + debt) * (to.period / to.requests)), 0
        end

        local function read(key, c)
          local kept = redis.call('GET', key)
          if not kept then return now, 0, false end
          local ticks, fraction, requests, period, burst, clock =
            string.match(kept, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
          if not ticks then return now, 0, false end
          ticks, fraction, clock = tonumber(ticks), tonumber(fraction), tonumber(clock)
          local from = {requests = tonumber(requests), period = tonumber(period), burst = tonumber(burst)}
          if now < clock then ticks = ticks - (clock - now) end
          ticks = math.min(ticks, now + 3153600000000000)
          if fraction >= from.requests then fraction = 0 end
          if ticks < now then return now, 0, false end
          if c.requests > 0 and (from.requests ~= c.requests or from.period ~= c.period or from.burst ~= c.burst) then
            ticks, fraction = carry(ticks, fraction, from, c)
          end
          return ticks, fraction, true
        end

        local function keep(key, c, ticks, fraction)
          redis.call('SET', key,
            string.format('%.0f %.0f %.0f %.0f %.0f %.0f', ticks, fraction, c.requests, c.period, c.burst, now),
            'PX', string.format('%.0f', math.ceil((ticks - now) / 1000) + 1))
        end

        for i = 1, #KEYS do
          local a = (i - 1) * 8
          local c = {verb = ARGV[a + 1], requests = tonumber(ARGV[a + 2]), period = tonumber(ARGV[a + 3]),
            burst = tonumber(ARGV[a + 4])}
          local cost, part = tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
          local edge, edgePart = now + tonumber(ARGV[a + 7]), tonumber(ARGV[a + 8])
          local ticks, fraction, found = read(KEYS[i], c)
          c.found, c.costs = found, cost > 0 or part > 0
          if c.verb == 'refund' then
            c.ticks, c.fraction = ticks - cost, fraction - part
            if c.fraction < 0 then c.ticks, c.fraction = c.ticks - 1, c.fraction + c.requests end
          else
            c.ticks, c.fraction = ticks + cost, fraction + part
            if c.fraction >= c.requests and c.requests > 0 then
              c.ticks, c.fraction = c.ticks + 1, c.fraction - c.requests
            end
          end
          c.fits = c.requests > 0 and c.burst > 0
            and (c.ticks < edge or (c.ticks == edge and c.fraction <= edgePart))
          if not c.fits and (c.verb == 'take' or c.verb == 'check') then passes = false end
          if not c.fits and c.verb == 'charge' then c.ticks, c.fraction = edge, 0 end
          counters[i] = c
          answer[#answer + 1] = c.fits and 1 or 0
          answer[#answer + 1] = ticks
          answer[#answer + 1] = fraction
        end

        for i = 1, #KEYS do
          local c = counters[i]
          if c.verb == 'refund' then
            if c.found and c.ticks > now then keep(KEYS[i], c, c.ticks, c.fraction)
            elseif c.found then redis.call('DEL', KEYS[i]) end
          elseif c.costs and (c.verb == 'charge' or (c.verb == 'take' and passes)
            or (c.verb == 'shadow-take' and c.fits)) then
            keep(KEYS[i], c, c.ticks, c.fraction)
          end
        end
        return answer
        """
}
