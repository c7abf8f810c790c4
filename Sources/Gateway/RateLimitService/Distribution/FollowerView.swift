import EnvoyAPI
import Foundation
import SwiftProtobuf
import TrafficPlan

/// What one limiter has been sent, and what it must be sent next.
struct FollowerView: Sendable {
    /// More sets than fit are sent in several updates.
    private static let largestUpdate = 1 << 20

    private var sent: Set<LimitSetID> = []
    private var isComplete = false
    private var version: UInt64 = 0

    /// Updates that bring the limiter from where it is to `sets`; none where it has been sent all.
    mutating func updates(
        to sets: [LimitSetID: [UInt8]], version: UInt64
    ) -> [Fairway_Limits_V1_Update] {
        guard version != self.version || !isComplete else { return [] }
        var updates: [Fairway_Limits_V1_Update] = []
        var update = Fairway_Limits_V1_Update()
        var size = 0
        for (id, content) in sets.filter({ !sent.contains($0.key) }).sorted(by: { $0.key < $1.key }) {
            if size > 0, size + content.count > Self.largestUpdate {
                updates.append(update)
                update = Fairway_Limits_V1_Update()
                size = 0
            }
            update.sets.append(
                .with {
                    $0.id = id.text
                    $0.content = Data(content)
                })
            size += content.count
            sent.insert(id)
        }
        let retired = sent.filter { sets[$0] == nil }.sorted()
        sent.subtract(retired)
        update.retired = retired.map(\.text)
        update.isComplete = !isComplete
        update.version = version
        isComplete = true
        self.version = version
        return updates + [update]
    }
}
