import RedisClient

/// One counter's part in a run of the script.
struct ScriptEntry: Sendable {
    var key: String
    var verb: CounterScript.Verb
    var rate: TokenRate
    /// Tokens.
    var cost: Int64

    var words: [String] {
        let span = rate.span(of: cost)
        // A charge may go as deep into debt as spans reach.
        let edge = verb == .charge ? TokenSpan(ticks: rate.longest, fraction: 0) : rate.capacity
        return [
            verb.rawValue, String(rate.requests), String(rate.period), String(rate.burst), String(span.ticks),
            String(span.fraction), String(edge.ticks), String(edge.fraction),
        ]
    }
}

/// What the script said of one counter.
struct ScriptReading: Hashable, Sendable {
    var passes: Bool
    /// The server's clock, microseconds since 1970.
    var now: Int64
    /// Before this request.
    var arrival: GCRA.Arrival

    /// Of all counters of a run; `nil`: not what the script answers.
    static func all(_ answer: RESPValue, count: Int) -> [ScriptReading]? {
        guard let numbers = answer.elements?.compactMap(\.int), numbers.count == 1 + 3 * count,
            numbers.allSatisfy({ (0..<1 << 53).contains($0) })
        else { return nil }
        return (0..<count).map { index in
            ScriptReading(
                passes: numbers[1 + 3 * index] == 1, now: numbers[0],
                arrival: GCRA.Arrival(ticks: numbers[2 + 3 * index], fraction: numbers[3 + 3 * index]))
        }
    }
}

/// Several counters in one step. All must lie on one server.
struct ScriptCall: Sendable {
    var entries: [ScriptEntry]

    /// By the script's hash; with its text where the server has never seen it, or has forgotten it.
    func run(on client: RedisClient) async throws(CounterFailure) -> [ScriptReading] {
        let key = entries.first?.key
        let rest = [String(entries.count)] + entries.map(\.key) + entries.flatMap(\.words)
        var answer = await send(RedisCommand(["EVALSHA", CounterScript.sha1] + rest), key, client)
        if case .failure(let error) = answer, error.serverCode == "NOSCRIPT" {
            answer = await send(RedisCommand(["EVAL", CounterScript.text] + rest), key, client)
        }
        switch answer {
        case .success(let value):
            guard let readings = ScriptReading.all(value, count: entries.count) else { throw .refused }
            return readings
        case .failure(let error): throw CounterFailure(error)
        }
    }

    private func send(
        _ command: RedisCommand, _ key: String?, _ client: RedisClient
    ) async -> Result<RESPValue, RedisError> {
        do throws(RedisError) { return .success(try await client.send(command, key: key)) } catch {
            return .failure(error)
        }
    }
}

extension CounterFailure {
    init(_ error: RedisError) {
        switch error {
        case .timedOut: self = .timedOut
        case .overloaded: self = .overloaded
        case .notConnected, .disconnected, .configuration: self = .unreachable
        case .malformed: self = .refused
        case .server(let text):
            switch error.serverCode {
            case "OOM": self = .full
            case "LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "TRYAGAIN", "MOVED", "ASK": self = .unreachable
            case "BUSY": self = .timedOut
            // Before version 7 the script's error stands inside another.
            default: self = text.contains("OOM command not allowed") ? .full : .refused
            }
        }
    }
}
