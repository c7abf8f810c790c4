import Foundation
package import Logging
import NIOCore
import NIOPosix
package import PodNetwork

/// The agent's unix socket: each connection is one start of `fairway-cni`.
///
/// The socket appears by a rename over the one of an earlier agent, so that there is no moment without it, and it stays when the agent
/// goes: what connects meanwhile is refused by the kernel, and told to try again.
package struct ShimServer: Sendable {
    package static let defaultPath = "/run/fairway/cni.sock"

    private let path: String
    private let agent: PodNetworkAgent
    private let log: Logger

    package init(path: String = defaultPath, agent: PodNetworkAgent, log: Logger) {
        self.path = path
        self.agent = agent
        self.log = log
    }

    /// More than any node starts pods at a time; what comes then waits in the kernel's queue.
    private static let connectionLimit = 512

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// Serves until it is cancelled. Questions that are being answered then are finished.
    /// - Parameter onListening: the socket can be connected to.
    package func run(onListening: @Sendable () async throws -> Void = {}) async throws {
        let server = try await listen()
        try await onListening()
        try await withTaskCancellationHandler {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await serve(connection) }
                    }
                }
            }
        } onCancel: {
            // Ends the sequence of connections; those that are there go on.
            server.channel.close(promise: nil)
        }
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func listen() async throws -> NIOAsyncChannel<Connection, Never> {
        let folder = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let fresh = "\(path).\(getpid())"
            unlink(fresh)
            let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.backlog, value: Int32(Self.connectionLimit))
                .bind(unixDomainSocketPath: fresh) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Connection(wrappingChannelSynchronously: channel)
                    }
                }
            guard chmod(fresh, 0o600) == 0, rename(fresh, path) == 0 else {
                throw Failure(description: String(cString: strerror(errno)))
            }
            return server
        } catch {
            throw Failure(description: "could not open the socket \(path) for fairway-cni: \(error)")
        }
    }

    private func serve(_ connection: Connection) async {
        do {
            let caller = try await PeerCredentials(of: connection.channel)
            guard caller.isTrusted else {
                log.warning("a process of user \(caller.user) asked on \(path), which is for root alone")
                try await connection.channel.close()
                return
            }
            try await connection.executeThenClose { inbound, outbound in
                var received = ByteBuffer()
                for try await part in inbound {
                    received.writeImmutableBuffer(part)
                    guard var invocation = try ShimFrame.question(from: &received) else { continue }
                    invocation.caller = caller.process
                    var answer = ByteBuffer()
                    // Not cancelled with the server: a pod that is half wired helps nobody.
                    ShimFrame.write(await agent.answer(invocation), to: &answer)
                    try await outbound.write(answer)
                    return
                }
            }
        } catch {
            // The executable went away, or was no fairway-cni: its runtime knows.
            log.debug("a connection on \(path) ended early: \(error)")
        }
    }
}

/// Who is at the other end of a unix socket (`SO_PEERCRED`, unix(7)).
struct PeerCredentials {
    let process: Int32
    let user: UInt32

    /// `struct ucred`
    private struct Kernel {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    init(of channel: any Channel) async throws {
        guard let provider = channel as? any SocketOptionProvider else {
            throw ShimServer.Failure(description: "the connection is no socket")
        }
        let level = SocketOptionLevel(SOL_SOCKET)
        let found: Kernel = try await provider.unsafeGetSocketOption(level: level, name: SocketOptionName(SO_PEERCRED))
            .get()
        process = found.process
        user = found.user
    }

    /// Root, or whoever runs the agent (which is root too, except in a user namespace).
    var isTrusted: Bool { user == 0 || user == geteuid() }
}
