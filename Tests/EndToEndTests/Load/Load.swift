import Foundation
import NIOHTTP1
import NIOSSL
import Synchronization

/// Steady traffic for as long as a test changes or breaks things, and what became of it.
final class Load: Sendable {
    /// One kind of client: how it connects, what it asks for, and which backends may answer.
    struct Stream: Sendable {
        var host: String
        var port: UInt16
        var tls: TLSConfiguration?
        /// A new connection for each request, else one that is kept.
        var connectsAnew = false
        /// The backends that may answer begin with this.
        var backends: String
        /// From one request's start to the next.
        var interval: Duration = .milliseconds(12)
    }

    private struct Record {
        var requests = 0
        var messages = 0
        /// With the time, to be found in the logs.
        var failures: [String] = []
        var slowest = Duration.zero
        var isOver = false
    }

    private let record = Mutex(Record())
    private let clock = ContinuousClock()

    var failures: [String] { record.withLock(\.failures) }
    var requests: Int { record.withLock(\.requests) }
    /// Echoed by WebSockets.
    var messages: Int { record.withLock(\.messages) }
    private var isOver: Bool { record.withLock(\.isOver) }

    var summary: String {
        record.withLock { record in
            "\(record.requests) requests, \(record.messages) WebSocket messages, \(record.failures.count) failures, "
                + "slowest answer \(record.slowest.formatted(.units(allowed: [.milliseconds])))"
        }
    }

    /// Runs all clients until `changes` returns.
    @discardableResult
    func during<Result: Sendable>(
        _ streams: [Stream], sockets: [Stream] = [],
        _ changes: () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in streams { group.addTask { await self.request(stream) } }
            for socket in sockets { group.addTask { await self.converse(socket) } }
            defer { finish() }
            return try await changes()
        }
    }

    /// Ends the traffic: what follows may fail requests.
    func finish() { record.withLock { $0.isOver = true } }

    private func request(_ stream: Stream) async {
        while !isOver {
            do {
                try await HTTPConnection.open(
                    port: stream.port, serverName: stream.tls.map { _ in stream.host }, tls: stream.tls
                ) { connection in
                    repeat {
                        let start = clock.now
                        let answer = try await connection.send("GET", "/load", host: stream.host)
                        note(answer, stream, took: clock.now - start)
                        // The server may ask for it at any time (RFC 9112 section 9.6); it is no failure.
                        if answer.headers[canonicalForm: "connection"].contains("close") { break }
                        try await clock.sleep(until: start + stream.interval)
                    } while !isOver && !stream.connectsAnew
                }
            } catch {
                record.withLock { $0.failures.append("\(Date()) \(stream.host): \(error)") }
            }
        }
    }

    private func note(_ answer: HTTPConnection.Answer, _ stream: Stream, took: Duration) {
        let isRight = answer.status == 200 && answer.body.contains("\"name\":\"\(stream.backends)")
        record.withLock { record in
            record.requests += 1
            record.slowest = max(record.slowest, took)
            guard !isRight else { return }
            record.failures.append("\(Date()) \(stream.host): \(answer.status) \(answer.body.prefix(200))")
        }
    }

    /// One WebSocket for the whole time, with a message each interval.
    private func converse(_ stream: Stream) async {
        do {
            try await WebSocketConnection.open(port: stream.port, host: stream.host, tls: stream.tls) { socket in
                var number = 0
                while !isOver {
                    let start = clock.now
                    let echo = try await socket.echo("message \(number)")
                    guard echo == "message \(number)" else { throw WrongEcho(text: echo) }
                    number += 1
                    record.withLock { $0.messages += 1 }
                    try await clock.sleep(until: start + stream.interval)
                }
            }
        } catch {
            record.withLock { $0.failures.append("\(Date()) WebSocket \(stream.host): \(error)") }
        }
    }

    private struct WrongEcho: Error {
        var text: String
    }
}
