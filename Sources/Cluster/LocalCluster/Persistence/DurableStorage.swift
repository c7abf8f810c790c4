/// Where changes survive the process. Called under the cluster's lock, so that the order is that of the revisions.
protocol DurableStorage: Sendable {
    /// Returns when the changes would survive the end of the process. Throws without having kept any of them.
    func write(_ changes: [StoredChange]) throws(StorageFailure)
}

/// A write that could not be made durable.
struct StorageFailure: Error, CustomStringConvertible {
    var file: String
    var reason: String
    /// There is no room left.
    var isFull: Bool

    var description: String { "cannot write to \(file): \(reason)" }

    var failure: APIFailure {
        APIFailure(
            code: isFull ? 507 : 500, reason: isFull ? "InsufficientStorage" : "InternalError",
            message: isFull
                ? "nothing was stored: \(description); free some space and try again"
                : "nothing was stored: \(description)")
    }
}
