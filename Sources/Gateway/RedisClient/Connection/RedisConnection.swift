import NIOCore
import NIOPosix

/// A connection that has said who it is. Commands are pipelined: each waits for its own answer only.
package struct RedisConnection: Sendable {
    package let address: RedisAddress
    private let channel: any Channel
    private let handler: RedisChannelHandler

    /// Connects, shows itself and chooses the database.
    /// - Parameter onPush: see `RedisChannelHandler`.
    package static func connect(
        to address: RedisAddress, _ settings: RedisConnectionSettings,
        onPush: (@Sendable ([RESPValue]) -> Void)? = nil
    ) async throws(RedisError) -> RedisConnection {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let handler = RedisChannelHandler(
            eventLoop: loop, timeout: settings.timeout, mostWaiting: settings.mostWaiting, onPush: onPush)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(TimeAmount(settings.timeout * 4))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let tls = settings.tls {
                            try channel.pipeline.syncOperations.addHandler(tls.handler(for: address))
                        }
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: address.host, port: address.port).get()
        } catch {
            throw .notConnected("\(address): \(error)")
        }
        let connection = RedisConnection(address: address, channel: channel, handler: handler)
        do {
            try await connection.greet(settings)
        } catch {
            await connection.close()
            throw .notConnected("\(address): \(error)")
        }
        return connection
    }

    package func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try await submit(command.bytes, ignored: 0)
    }

    /// Sends `first` directly before `command`, and drops its answer.
    package func send(_ first: RedisCommand, then command: RedisCommand) async throws(RedisError) -> RESPValue {
        var bytes = first.bytes
        bytes.writeImmutableBuffer(command.bytes)
        return try await submit(bytes, ignored: 1)
    }

    /// Commands without an answer yet.
    package var waiting: Int { handler.waiting }

    package func close() async {
        handler.close(.disconnected("this client closed it"))
        await waitUntilClosed()
    }

    /// Whoever waits for an answer hears `reason`.
    package func abandon(_ reason: RedisError) { handler.close(reason) }

    package func waitUntilClosed() async {
        // The future only fails where the channel was closed badly; closed it is.
        try? await channel.closeFuture.get()
    }

    private func submit(_ bytes: ByteBuffer, ignored: Int) async throws(RedisError) -> RESPValue {
        try await withCheckedContinuation { (waiter: RedisChannelHandler.Waiter) in
            handler.submit(RedisChannelHandler.Submission(bytes: bytes, ignored: ignored, waiter: waiter))
        }.get()
    }
}

/// What of a configuration a single connection needs.
package struct RedisConnectionSettings: Sendable {
    package var login: RedisConfiguration.Login?
    package var database: Int
    package var tls: RedisTLS?
    package var timeout: Duration
    package var mostWaiting: Int
    /// Version 3 of the protocol where the server knows it.
    package var prefersVersion3: Bool
    /// Refuse a server that is no master.
    package var requiresMaster: Bool

    package init(
        login: RedisConfiguration.Login? = nil, database: Int = 0, tls: RedisTLS? = nil,
        timeout: Duration = .milliseconds(250), mostWaiting: Int = 8192, prefersVersion3: Bool = true,
        requiresMaster: Bool = false
    ) {
        self.login = login
        self.database = database
        self.tls = tls
        self.timeout = timeout
        self.mostWaiting = mostWaiting
        self.prefersVersion3 = prefersVersion3
        self.requiresMaster = requiresMaster
    }
}
