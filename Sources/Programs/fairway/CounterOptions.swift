import ArgumentParser
import Foundation
import Logging
import RateLimiter
import RedisClient
import Telemetry

/// Where a limiter keeps its counters.
struct CounterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where budgets are counted: memory, or redis://HOST:PORT (rediss, redis+sentinel, redis+cluster).",
            discussion: "Several limiters share one truth only in Redis or Valkey."))
    var counters = "memory"

    @Option(
        name: .customLong("counters-file"),
        help: "A file that holds the --counters address, so that its password is in nobody's process list.")
    var countersFile: String?

    @Option(name: .customLong("memory-keys"), help: "How many keys are counted in memory at once.")
    var memoryKeys = 1_000_000

    func validate() throws {
        if !(1...100_000_000).contains(memoryKeys) {
            throw ValidationError("--memory-keys \(memoryKeys): write 1 to 100000000")
        }
    }

    /// Counters, and what must run for them.
    struct Opened: Sendable {
        var store: any CounterStore
        var run: (@Sendable () async -> Void)?
        var readiness: ReadinessCheck?
    }

    func open(logger: Logger) throws -> Opened {
        let address = try address()
        guard address != "memory" else { return Opened(store: MemoryCounters(keys: memoryKeys)) }
        let client = try Self.client(address, logger: logger)
        let readiness = ReadinessCheck(name: "redis") {
            client.isReady ? .ready : .notReady("Redis is not connected; limits do what they say for a failing limiter")
        }
        return Opened(
            store: RedisCounters(client, logger: logger), run: { await client.run() }, readiness: readiness)
    }

    private static func client(_ address: String, logger: Logger) throws -> RedisClient {
        do throws(RedisError) {
            return try RedisClient(try RedisConfiguration(url: address), logger: logger)
        } catch {
            throw ValidationError("--counters: \(error)")
        }
    }

    private func address() throws -> String {
        guard let countersFile else { return counters }
        guard let data = FileManager.default.contents(atPath: countersFile), data.count <= 1 << 16 else {
            throw ValidationError("--counters-file \(countersFile): cannot be read")
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
