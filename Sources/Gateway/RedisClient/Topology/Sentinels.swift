import Logging
import Synchronization

/// Those who know which server is the master (https://redis.io/docs/latest/develop/reference/sentinel-clients/).
final class Sentinels: Sendable {
    private let addresses: [RedisAddress]
    private let name: String
    private let settings: RedisConnectionSettings
    private let backoff: ClosedRange<Duration>
    private let pingInterval: Duration
    private let logger: Logger
    private let first = Mutex(0)

    init(
        _ addresses: [RedisAddress], master name: String, _ configuration: RedisConfiguration, tls: RedisTLS?,
        logger: Logger
    ) {
        self.addresses = addresses
        self.name = name
        self.logger = logger
        backoff = configuration.backoff
        pingInterval = configuration.pingInterval
        // Subscriptions are answered in order in version 2 only.
        settings = RedisConnectionSettings(
            login: configuration.sentinelLogin, tls: tls, timeout: configuration.timeout, prefersVersion3: false)
    }

    /// The first answer of any; each attempt begins with another, so that one that is cut off does not mislead for long.
    func master() async throws(RedisError) -> RedisAddress {
        let start = first.withLock { first in
            defer { first = (first + 1) % addresses.count }
            return first
        }
        var failure = RedisError.notConnected("no sentinel knows a master \"\(name)\"")
        for address in addresses[start...] + addresses[..<start] {
            do throws(RedisError) {
                if let master = try await ask(address) { return master }
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func ask(_ address: RedisAddress) async throws(RedisError) -> RedisAddress? {
        let connection = try await RedisConnection.connect(to: address, settings)
        let command = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
        let answer: Result<RESPValue, RedisError>
        do throws(RedisError) { answer = .success(try await connection.send(command)) } catch {
            answer = .failure(error)
        }
        await connection.close()
        guard let elements = try answer.get().elements, elements.count == 2, let host = elements[0].text,
            let port = elements[1].int, (1...65_535).contains(port)
        else { return nil }
        return RedisAddress(host: host, port: Int(port))
    }

    /// Listens to one sentinel after another until cancelled.
    func watch(_ onSwitch: @escaping @Sendable () -> Void) async {
        var backoff = Backoff(self.backoff)
        var generator = SystemRandomNumberGenerator()
        var turn = 0
        while !Task.isCancelled {
            do throws(RedisError) {
                try await listen(to: addresses[turn % addresses.count], onSwitch)
                backoff.succeeded()
            } catch {
                logger.debug("no sentinel to listen to", metadata: ["error": "\(error)"])
            }
            turn += 1
            // Waking early only means to be cancelled.
            try? await Task.sleep(for: backoff.failed(using: &generator))
        }
    }

    /// Until the connection ends.
    private func listen(
        to address: RedisAddress, _ onSwitch: @escaping @Sendable () -> Void
    ) async throws(RedisError) {
        let connection = try await RedisConnection.connect(to: address, settings) { [name] message in
            guard message.count == 3, message[0].text == "message", message[1].text == "+switch-master",
                message[2].text?.split(separator: " ").first.map(String.init) == name
            else { return }
            onSwitch()
        }
        _ = try await connection.send(RedisCommand("SUBSCRIBE", "+switch-master"))
        await withTaskCancellationHandler {
            await connection.waitUntilClosed()
        } onCancel: {
            connection.abandon(.disconnected("this client stops"))
        }
    }
}

struct SentinelWatcher: Sendable {
    private let sentinels: Sentinels
    private let onSwitch: @Sendable () -> Void

    init(_ sentinels: Sentinels, onSwitch: @escaping @Sendable () -> Void) {
        self.sentinels = sentinels
        self.onSwitch = onSwitch
    }

    func run() async { await sentinels.watch(onSwitch) }
}
