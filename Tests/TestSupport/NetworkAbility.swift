import Foundation

/// Whether this process may make network namespaces, links and nftables of its own: root, or root inside `unshare -Urn`.
package enum NetworkAbility {
    /// For `.enabled(if:)`: in CI always true, so that a missing right fails the test instead of hiding it.
    package static var isWanted: Bool { isThere || Tool.isCI }

    private static let isThere: Bool = {
        let trial = Process()
        trial.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        trial.arguments = ["--net", "--mount", "true"]
        trial.standardError = FileHandle.nullDevice
        // No such program is the same answer as no right.
        guard (try? trial.run()) != nil else { return false }
        trial.waitUntilExit()
        return trial.terminationStatus == 0
    }()
}

extension Tool {
    package static let ip = Tool(name: "ip", variable: "FAIRWAY_IP")
    package static let nft = Tool(name: "nft", variable: "FAIRWAY_NFT")
    package static let conntrack = Tool(name: "conntrack", variable: "FAIRWAY_CONNTRACK")
}
