/// One type's side of a proxy's stream.
struct Channel: Sendable {
    var subscription = Subscription()
    /// What the proxy holds, as far as responses on this stream tell; what is in flight counts as held.
    var held: [String: Held] = [:]
    /// Names that the proxy may hold in a form that is not ours: since before it connected, or from a response that it
    /// refused.
    var unknown: Set<String> = []
    var pending: [String: Pending] = [:]
    /// Gone from the served set, and kept at the proxy until nothing there refers to them.
    var deferredRemovals: Set<String> = []
    var removableSince: [String: Duration] = [:]
    var inFlight: InFlight?
    var trial: Trial?
    /// A first wildcard request is answered even with nothing: Envoy waits for it.
    var owesAnswer = false
    /// Names to be answered as removed without being known.
    var refusedNames: [String] = []
    /// For a composite resource that was never sent: the parts that its first sending waits for.
    var firstSendingAwaits: [String: Set<String>] = [:]
    /// Names answered by a wildcard or default certificate, oldest first.
    var coveredNames: [String] = []

    mutating func mark(_ name: String, _ pieces: Set<String?>, since generation: Generation, isForced: Bool = false) {
        var entry = pending[name] ?? Pending(since: generation)
        entry.pieces.formUnion(pieces)
        entry.isForced = entry.isForced || isForced
        entry.comparesAll = entry.comparesAll || deferredRemovals.contains(name)
        pending[name] = entry
        deferredRemovals.remove(name)
        removableSince[name] = nil
    }

    /// The oldest change that is not acknowledged.
    var oldestOutstanding: Generation? {
        var oldest = [inFlight?.since, trial?.since].compactMap(\.self).min()
        for entry in pending.values where !entry.isParked {
            oldest = min(oldest ?? entry.since, entry.since)
        }
        return oldest
    }
}

struct Held: Sendable {
    /// Where the content comes from: for a secret not always the name it is asked by.
    var source: ResourceName
    var content: CompositeResource
}

struct Pending: Sendable {
    /// `nil` is the head. Of a resource that the proxy does not hold every piece is pending.
    var pieces: Set<String?> = []
    /// Answer even if the proxy should have it: it asked for it, or must hear it again.
    var isForced = false
    /// It was absent for a while, in which pieces may have changed unseen.
    var comparesAll = false
    /// All that is left of it waits for a cluster that Envoy refuses.
    var isParked = false
    var since: Generation
}

struct InFlight: Sendable {
    var nonce: String
    var sequence: UInt64
    var changes: [SentChange]
    var removed: [String]
    /// What the removed resources referred to, until the removal is acknowledged.
    var released: [CompositeResource]
    var since: Generation
    /// Whether it is a test of a trial.
    var isTest: Bool
}

/// A resource of a response, and how to take it back.
struct SentChange: Sendable {
    struct Piece: Sendable {
        var part: String?
        var old: PieceForm?
        var new: PieceForm?
    }

    var name: String
    var source: ResourceName
    /// What was held before, if the response replaced it whole.
    var replaced: Held?
    /// Whether the proxy had no such resource, or one from another source.
    var isWhole: Bool
    /// Of a resource sent whole: all its pieces. Empty for one that is sent again as it was.
    var pieces: [Piece]
}
