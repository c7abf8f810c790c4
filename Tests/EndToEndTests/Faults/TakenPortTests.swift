import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@Suite(.enabled(if: Tool.envoy.isWanted, "needs Envoy"), .timeLimit(.minutes(2)))
struct TakenPortTests {
    @Test(arguments: ["--http-port", "--https-port", "--api-port", "--admin-port"])
    func `A taken port is told with its flag, and nothing is left running`(flag: String) async throws {
        try await FairwayProcess.parts { fairway in
            let owner = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(owner.localAddress?.port)
            var arguments = try fairway.upArguments
            let index = try #require(arguments.firstIndex(of: flag))
            arguments[index + 1] = "\(port)"
            let ending = try await Program.ending(arguments)
            try await owner.close()
            let code = try #require(ending.exitCode, "\(ending.status)")
            #expect(code != 0)
            let line = ending.log.split(separator: "\n").first { $0.contains(flag) && $0.contains(":\(port)") }
            #expect(line != nil, "\(ending.log)")
            #expect(fairway.envoyPID == nil)
        }
    }
}
