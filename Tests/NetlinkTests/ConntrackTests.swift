import Foundation
import NetTypes
import Netlink
import TestSupport
import Testing

@Suite(
    .enabled(if: NetworkAbility.isWanted && Tool.nft.isWanted && Tool.conntrack.isWanted, "needs root and conntrack(8)")
)
struct ConntrackTests {
    @Test func flowsAreListedByProtocolAndDeletedByChoice() async throws {
        try await Scratch.with { scratch in
            // Tracking starts with the first rule that asks for it.
            try await scratch.nft("add", "table", "ip", "t")
            try await scratch.nft("add", "chain", "ip", "t", "c", "{ type filter hook output priority 0; }")
            try await scratch.nft("add", "rule", "ip", "t", "c", "ct", "state", "new", "accept")
            for port in ["1001", "1002", "1003"] {
                try await scratch.conntrack(
                    "-I", "-p", "udp", "-s", "10.0.0.1", "-d", "10.96.0.10", "-r", "10.244.0.5", "-q", "10.0.0.1",
                    "--sport", port, "--dport", "53", "--reply-port-src", "5353", "--reply-port-dst", port, "-t", "100")
            }
            try await scratch.conntrack(
                "-I", "-p", "tcp", "-s", "10.0.0.1", "-d", "10.96.0.10", "--sport", "7", "--dport", "80", "-t", "100",
                "--state", "ESTABLISHED")
            let conntrack = try ConntrackSocket(in: scratch.namespace)
            let flows = try conntrack.flows(.v4, protocol: 17)
            #expect(flows.map(\.original.sourcePort).sorted() == [1001, 1002, 1003])
            let flow = try #require(flows.first { $0.original.sourcePort == 1002 })
            #expect(flow.original.destination == .v4(10, 96, 0, 10) && flow.original.destinationPort == 53)
            #expect(flow.reply.source == .v4(10, 244, 0, 5) && flow.reply.sourcePort == 5353)
            #expect(flow.timeout > 50 && flow.timeout <= 100)
            #expect(try conntrack.flows(.v4).count == 4)
            #expect(try conntrack.flows(.v6).isEmpty)
            let deleted = try conntrack.deleteFlows(.v4, protocol: 17) { $0.original.sourcePort != 1002 }
            #expect(deleted == 2)
            let left = try await scratch.conntrack("-L", "-p", "udp")
            #expect(left.contains("sport=1002") && !left.contains("sport=1001") && !left.contains("sport=1003"))
        }
    }
}

extension Scratch {
    @discardableResult
    func conntrack(_ arguments: String...) async throws -> String {
        try await program(.conntrack, arguments)
    }
}
