import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import EnvoyProcess

@Suite struct `Envoy bootstrap` {
    private let bootstrap = Bootstrap(
        nodeID: "laptop \"1\"", nodeCluster: "fairway", adminSocket: "/d/admin.sock", discoverySocket: "/d/xds.sock",
        maxConnections: 1000, maxHeapBytes: 1 << 30)

    @Test func `admin is a unix socket, discovery is delta ADS over another, and retried within half a second`() throws
    {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(bootstrap.document.utf8)) as? [String: Any])
        let admin = try #require((object["admin"] as? [String: Any])?["address"] as? NSDictionary)
        #expect(admin == ["pipe": ["path": "/d/admin.sock", "mode": 0o600]])
        #expect((object["node"] as? NSDictionary) == ["id": "laptop \"1\"", "cluster": "fairway"])
        let resources = try #require(object["dynamic_resources"] as? [String: Any])
        let source = try #require(resources["ads_config"] as? [String: Any])
        #expect(source["api_type"] as? String == "DELTA_GRPC")
        #expect(source["transport_api_version"] as? String == "V3")
        #expect(bootstrap.document.contains("\"max_interval\": \"0.500s\""))
        #expect(!bootstrap.document.contains("socket_address"), "nothing listens on a port or dials one")
    }

    @Test(.enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
    func `Envoy accepts it`() async throws {
        let envoy = try Tool.envoy.required()
        try await withTemporaryDirectory { folder in
            let path = folder + "/bootstrap.json"
            try bootstrap.document.write(toFile: path, atomically: true, encoding: .utf8)
            let result = try await Subprocess.run(
                .path(FilePath(envoy)), arguments: ["--mode", "validate", "--config-path", path],
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            #expect(!result.standardError.contains("deprecated"), "\(result.standardError)")
        }
    }

    @Test func `JSON is escaped and indented, in the order written`() {
        let json: JSONText = ["b": ["x\"\\\u{1}", 1, 0.5, true], "a": [:], "c": []]
        #expect(
            json.document == #"""
                {
                  "b": [
                    "x\"\\\u0001",
                    1,
                    0.5,
                    true
                  ],
                  "a": {},
                  "c": []
                }

                """#)
    }
}

@Suite struct `Limits for Envoy` {
    @Test func `heap is half of the memory, or of the control group's limit`() {
        let meminfo = "MemTotal:       16384000 kB\nMemFree: 1 kB\n"
        #expect(ResourceLimits.heapBytes(meminfo: meminfo, groupLimit: "max\n") == 8_192_000 << 10)
        #expect(ResourceLimits.heapBytes(meminfo: meminfo, groupLimit: "1073741824\n") == 1 << 29)
        #expect(ResourceLimits.heapBytes(meminfo: nil, groupLimit: nil) == 1 << 30)
        #expect(ResourceLimits.heapBytes(meminfo: "MemTotal: 1024 kB", groupLimit: nil) == 256 << 20)
    }

    @Test func `connections leave room for descriptors towards backends`() {
        #expect(ResourceLimits.connections(wanted: 50_000, openFiles: 1 << 20) == 50_000)
        #expect(ResourceLimits.connections(wanted: 50_000, openFiles: 1024) == 384)
        #expect(ResourceLimits.connections(wanted: 50_000, openFiles: 64) == 16)
    }
}
