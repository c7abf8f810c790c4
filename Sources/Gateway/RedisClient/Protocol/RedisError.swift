/// Why a command has no answer, or which error the server answered. One line each, without secrets.
package enum RedisError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no connection, and one is being made; the text says why the last attempt failed.
    case notConnected(String)
    /// No answer in time. The server may have run the command.
    case timedOut(Duration)
    /// Too many commands wait for their answers already.
    case overloaded(Int)
    /// The connection broke while the command waited. The server may have run it.
    case disconnected(String)
    /// The server's words, as in `WRONGTYPE Operation against a key…`.
    case server(String)
    /// What came was not Redis' protocol.
    case malformed(String)
    /// The address cannot be used as it is written.
    case configuration(String)

    package var description: String {
        switch self {
        case .notConnected(let reason): "Redis is not connected: \(reason)"
        case .timedOut(let timeout): "Redis did not answer within \(timeout)"
        case .overloaded(let count): "\(count) commands wait for Redis already"
        case .disconnected(let reason): "the connection to Redis broke: \(reason)"
        case .server(let text): "Redis answered: \(text)"
        case .malformed(let text): "Redis sent what is not its protocol: \(text)"
        case .configuration(let text): text
        }
    }

    /// The first word of the server's answer, as in `NOSCRIPT`.
    package var serverCode: Substring? {
        guard case .server(let text) = self else { return nil }
        return text.prefix { $0 != " " }
    }
}
