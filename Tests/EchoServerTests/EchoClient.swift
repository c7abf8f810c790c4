import Foundation
import Logging
import NIOCore
import NIOPosix
import Subprocess
import SystemPackage
import TestSupport

@testable import EchoServer

/// Runs a server on ports of the kernel's choice while `body` runs, then stops it.
func withEchoServer(
    _ configuration: EchoConfiguration = EchoConfiguration(tlsPort: 0), stopsAfterwards: Bool = true,
    _ body: (EchoServer, EchoPorts) async throws -> Void
) async throws {
    let server = EchoServer(configuration: configuration, logger: Logger(label: "test"))
    let (opened, tell) = AsyncStream.makeStream(of: EchoPorts.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { tell.finish() }
            try await server.run { tell.yield($0) }
        }
        for await ports in opened {
            try await body(server, ports)
            break
        }
        if stopsAfterwards { server.stop() }
        try await group.waitForAll()
    }
}

/// curl, since it is a client that nobody here wrote, and speaks HTTP/2 with and without TLS.
enum Curl {
    static let tool = Tool.curl

    struct Answer {
        var headers: String
        var body: String

        var json: NSDictionary {
            // A body that is no JSON fails the expectation that looks into it.
            (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? NSDictionary) ?? [:]
        }
    }

    /// Header lines (trailers included) and body, which curl prints one after the other.
    static func ask(_ arguments: [String], input: [UInt8] = []) async throws -> Answer {
        let result = try await Subprocess.run(
            .path(FilePath(try tool.required())),
            arguments: Arguments(
                ["--silent", "--show-error", "--max-time", "10", "--dump-header", "/dev/stderr"] + arguments),
            input: .array(input), output: .string(limit: 8 << 20), error: .string(limit: 1 << 20))
        return Answer(headers: result.standardError.replacing("\r\n", with: "\n"), body: result.standardOutput)
    }

    /// curl's exit code.
    static func exitCode(_ arguments: [String]) async throws -> Int32 {
        let result = try await Subprocess.run(
            .path(FilePath(try tool.required())), arguments: Arguments(["--silent", "--max-time", "10"] + arguments),
            output: .discarded)
        if case .exited(let code) = result.terminationStatus { return code }
        return -1
    }
}

/// A connection that sends and receives bytes as they are.
func withRawConnection(
    port: UInt16?,
    _ body: (inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, NIOAsyncChannelOutboundWriter<ByteBuffer>)
        async throws -> Void
) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: Int(port ?? 0)) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    try await channel.executeThenClose { inbound, outbound in
        var iterator = inbound.makeAsyncIterator()
        try await body(&iterator, outbound)
    }
}

extension NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator {
    /// Reads until the bytes end with that text.
    mutating func text(endingWith end: String) async throws -> String {
        var all = ""
        while !all.hasSuffix(end), let chunk = try await next(isolation: #isolation) { all += String(buffer: chunk) }
        return all
    }

    /// Reads that many bytes, or what there is until the end.
    mutating func bytes(_ count: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let chunk = try await next(isolation: #isolation) { all += Array(buffer: chunk) }
        return all
    }
}
