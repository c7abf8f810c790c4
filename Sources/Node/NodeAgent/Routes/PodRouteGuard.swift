import Foundation
import Netlink
import PodNetwork

/// Has pods' own routes put back at once when another program takes one away. What it misses, the comparison that
/// `PodNetworkAgent` makes now and then finds.
struct PodRouteGuard: Sendable {
    let pods: PodNetworkAgent

    /// Runs until cancelled.
    func run() async throws {
        let notices = try NetlinkMonitor.route(.routes)
        let own = UInt32(getpid())
        // One comparison mends all that was taken away until it begins.
        let (bells, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await element in notices where Self.concerns(element, own: own) { bell.yield() }
                bell.finish()
            }
            group.addTask { for await _ in bells { await pods.collect() } }
            try await group.waitForAll()
        }
    }

    private static func concerns(_ element: MonitorElement<RouteNotice>, own: UInt32) -> Bool {
        switch element {
        case .resync: return true
        case .notice(let notice):
            guard notice.isRemoval, case .route(let route) = notice.object, route.protocol == .fairway else {
                return false
            }
            // The kernel removes routes by itself with their link. This process's sockets have its number, or one that is
            // no process number.
            return notice.port != 0 && notice.port != own && notice.port < 1 << 22
        }
    }
}
