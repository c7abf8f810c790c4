import EnvoyAPI
import TrafficPlan

/// Puts a stream's updates together.
struct FollowedSets: Sendable {
    enum Change {
        /// More is to come before anything can be said.
        case partial
        /// Every set there is.
        case complete([LimitSetID: LimitSet])
        case delta(new: [LimitSetID: LimitSet], retired: [LimitSetID])
    }

    private var isComplete = false
    private var gathered: [LimitSetID: LimitSet] = [:]
    private var retired: [LimitSetID] = []

    /// - Parameter onUnreadable: told of a set that is left out.
    mutating func take(
        _ update: Fairway_Limits_V1_Update, onUnreadable: (LimitSetID, LimitSet.Unreadable) -> Void
    ) -> Change {
        for message in update.sets {
            let id = LimitSetID(message.id)
            do throws(LimitSet.Unreadable) {
                gathered[id] = try LimitSet(bytes: Array(message.content))
            } catch {
                onUnreadable(id, error)
            }
        }
        retired += update.retired.map { LimitSetID($0) }
        // The version closes a sequence of updates.
        guard update.version > 0 else { return .partial }
        defer { (gathered, retired) = ([:], []) }
        guard update.isComplete else { return isComplete ? .delta(new: gathered, retired: retired) : .partial }
        isComplete = true
        return .complete(gathered)
    }
}
