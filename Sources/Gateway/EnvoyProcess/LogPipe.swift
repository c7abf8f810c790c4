import Foundation
import NIOCore
import NIOPosix

/// A named pipe that Envoy writes and the supervisor reads.
///
/// It has a name so that the next supervisor can read on after this one was killed. Envoy's end does not block: when
/// nobody reads fast enough lines are lost, traffic never waits for them.
struct LogPipe: Sendable {
    /// Bytes that fit; the most an unprivileged process may ask for by default (pipe(7)).
    private static let capacity: Int32 = 1 << 20
    private static let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which the Glibc module leaves out.

    private let reader: Int32
    let path: String

    /// Makes the pipe when it is not there, and opens the reading end.
    init(path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 || errno == EEXIST else { throw Self.failure(path) }
        reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard reader >= 0 else { throw Self.failure(path) }
        // Refused only where the administrator lowered the limit; then it stays at 64 KiB.
        _ = fcntl(reader, Self.setPipeSize, Self.capacity)
    }

    /// The writing end, for a child to inherit.
    func openWriter() throws -> Int32 {
        let writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard writer >= 0 else { throw Self.failure(path) }
        return writer
    }

    /// Reads until the last writer is gone, or the task is cancelled. To be called once: it closes the pipe.
    func forEachLine(_ body: (String) -> Void) async throws {
        let channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .takingOwnershipOfDescriptor(input: reader) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound in
            var splitter = LineSplitter()
            for try await chunk in inbound {
                splitter.received(chunk.readableBytesView).forEach(body)
            }
            splitter.ended().map(body)
        }
    }

    private static func failure(_ path: String) -> EnvoyProcessError {
        EnvoyProcessError(
            .folderUnusable, "cannot open the log pipe \(path): \(String(cString: strerror(errno)))")
    }
}
