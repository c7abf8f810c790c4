extension RedisConnection {
    /// `HELLO 3` where the server knows it (Redis 6, Valkey), else `AUTH`; then the database.
    func greet(_ settings: RedisConnectionSettings) async throws(RedisError) {
        let speaksVersion3 = settings.prefersVersion3 ? try await hello(settings.login) : false
        if !speaksVersion3, let login = settings.login {
            let words = login.user.map { ["AUTH", $0, login.password] } ?? ["AUTH", login.password]
            _ = try await send(RedisCommand(words))
        }
        if settings.database != 0 { _ = try await send(RedisCommand("SELECT", String(settings.database))) }
        // Also shows that the server answers, and that it lets this user in.
        guard settings.requiresMaster else { return try await ping() }
        let role = try await send(RedisCommand("ROLE")).elements?.first?.text
        guard role == "master" else { throw .notConnected("it is a \(role ?? "stranger"), not a master") }
    }

    package func ping() async throws(RedisError) { _ = try await send(RedisCommand("PING")) }

    /// False where the server is too old for version 3.
    private func hello(_ login: RedisConfiguration.Login?) async throws(RedisError) -> Bool {
        let words = login.map { ["AUTH", $0.user ?? "default", $0.password] } ?? []
        do throws(RedisError) {
            _ = try await send(RedisCommand(["HELLO", "3"] + words))
            return true
        } catch {
            return try Self.isTooOld(error)
        }
    }

    private static func isTooOld(_ error: RedisError) throws(RedisError) -> Bool {
        guard case .server(let text) = error, text.hasPrefix("ERR unknown command") || text.hasPrefix("NOPROTO") else {
            throw error
        }
        return false
    }
}
