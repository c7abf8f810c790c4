/// Which server a command belongs to, and what follows from its answers.
protocol RedisTopology: Sendable {
    /// Keeps connections up until cancelled.
    func run() async

    /// - Parameter slot: of the command's keys; `nil`: any server will do.
    func connection(for slot: HashSlot?) throws(RedisError) -> RedisConnection

    /// Every master there is.
    func masters() throws(RedisError) -> [RedisConnection]

    /// Whether to send the command again, and where.
    func refused(_ error: RedisError, by connection: RedisConnection, slot: HashSlot?) -> OnRefusal

    var isReady: Bool { get }
}

enum OnRefusal: Sendable {
    case giveUp
    case again(RedisConnection)
    /// With `ASKING` before it: the slot is on its way there.
    case ask(RedisConnection)
}
