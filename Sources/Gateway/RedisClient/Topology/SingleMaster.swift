import Logging

/// One server, or whichever the sentinels call the master.
final class SingleMaster: RedisTopology {
    private let node: RedisNode
    private let watcher: SentinelWatcher?

    init(_ configuration: RedisConfiguration, tls: RedisTLS?, logger: Logger) {
        var settings = RedisConnectionSettings(configuration, tls: tls)
        switch configuration.topology {
        case .standalone(let address):
            watcher = nil
            node = RedisNode(name: "\(address)", settings, configuration, logger: logger) { () throws(RedisError) in
                address
            }
        case .sentinel(let sentinels, let name):
            settings.requiresMaster = true
            let sentinels = Sentinels(sentinels, master: name, configuration, tls: tls, logger: logger)
            let node = RedisNode(name: name, settings, configuration, logger: logger) { () throws(RedisError) in
                try await sentinels.master()
            }
            self.node = node
            watcher = SentinelWatcher(sentinels) { node.reconnect(.disconnected("the sentinels chose another master")) }
        case .cluster(let seeds):
            preconditionFailure("a cluster of \(seeds) has many masters")
        }
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.node.run() }
            if let watcher { group.addTask { await watcher.run() } }
        }
    }

    var isReady: Bool { node.isConnected }

    func connection(for slot: HashSlot?) throws(RedisError) -> RedisConnection { try node.connection() }

    func masters() throws(RedisError) -> [RedisConnection] { [try node.connection()] }

    func refused(_ error: RedisError, by connection: RedisConnection, slot: HashSlot?) -> OnRefusal {
        // A master that has become a replica: find the new one.
        if error.serverCode == "READONLY" || error.serverCode == "MASTERDOWN" {
            node.reconnect(.disconnected("\(error)"))
        }
        return .giveUp
    }
}

extension RedisConnectionSettings {
    init(_ configuration: RedisConfiguration, tls: RedisTLS?) {
        self.init(
            login: configuration.login, database: configuration.database, tls: tls, timeout: configuration.timeout,
            mostWaiting: configuration.mostWaiting)
    }
}
