package import KubernetesClient

/// What a reflector does next, decided from what happened: list page by page, watch from there, watch again when the
/// watch ends, list again when the server has forgotten our place, wait longer after each failure in a row.
///
///     listing ──last page──► opening ──accepted──► watching
///        ▲ ▲                   │  ▲                   │
///        │ └──────expired──────┘  └──ended, failed────┤
///        └─────────────────────expired────────────────┘
///
/// A pure value: no clock, no randomness, no I/O. Each input returns the one thing to do next.
package struct ReflectorMachine: Sendable {
    package enum Action: Equatable, Sendable {
        /// Ask for a page. `paged` is `false` after a page token has expired: the list changes faster than we can turn
        /// pages, so the whole of it is asked for at once.
        case list(continue: String?, paged: Bool)
        case watch(resourceVersion: String)
        /// Do nothing for so long, then `waited()`.
        case wait(Duration)
        /// Read the next event of the open watch.
        case read
    }

    private enum State: Equatable {
        case idle
        case listing(Listing)
        case opening(resourceVersion: String)
        case watching(resourceVersion: String, heard: Bool)
        case waiting(Next)
    }

    private struct Listing: Equatable {
        var token: String?
        var paged = true
        /// Of the first page. All pages have the same where the server reads one snapshot; where it does not, this is
        /// the one from which on no change is missed.
        var resourceVersion: String?
    }

    private enum Next: Equatable {
        case list(Listing)
        case watch(resourceVersion: String)
    }

    private var state = State.idle
    private var backoff: Backoff

    package init(backoff: Backoff = Backoff()) { self.backoff = backoff }

    package var isWatching: Bool { if case .watching = state { true } else { false } }

    /// Failures since the last success.
    package var failures: Int { backoff.failures }

    package mutating func started() -> Action { list(Listing()) }

    /// A page came. The last one (without a token) completes the list.
    package mutating func listed(continue token: String?, resourceVersion: String) -> Action {
        guard case .listing(let listing) = state else { preconditionFailure("a page came outside of a list") }
        backoff.succeeded()
        let version = listing.resourceVersion ?? resourceVersion
        if let token { return list(Listing(token: token, paged: listing.paged, resourceVersion: version)) }
        return watch(version)
    }

    package mutating func watchOpened() -> Action {
        guard case .opening(let version) = state else { preconditionFailure("a watch opened that was not asked for") }
        state = .watching(resourceVersion: version, heard: false)
        return .read
    }

    /// An event or a bookmark came. An empty version (an object too broken to have one) leaves our place as it is.
    package mutating func received(resourceVersion: String) -> Action {
        guard case .watching(let old, _) = state else { preconditionFailure("an event came without a watch") }
        backoff.succeeded()
        state = .watching(resourceVersion: resourceVersion.isEmpty ? old : resourceVersion, heard: true)
        return .read
    }

    /// The server ended the watch in good order. One that told nothing and ended at once is taken as a failure: a
    /// server (or a proxy) that does this must not be asked in a tight loop.
    package mutating func watchEnded(livedLong: Bool, spread: Double) -> Action {
        guard case .watching(let version, let heard) = state else { preconditionFailure("no watch to end") }
        if heard || livedLong { return watch(version) }
        return wait(.watch(resourceVersion: version), spread, nil)
    }

    /// A list, the opening of a watch, or a watch failed.
    package mutating func failed(_ code: KubernetesError.Code, retryAfter: Duration? = nil, spread: Double) -> Action {
        switch state {
        case .listing(let listing):
            let next = code == .expired ? Listing(paged: listing.token == nil) : listing
            return wait(.list(next), spread, retryAfter)
        case .opening(let version), .watching(let version, _):
            // The usual way after a long absence: at once. An expiry in a row of failures has to wait.
            if code == .expired, backoff.failures == 0 {
                _ = backoff.failed(spread: spread)
                return list(Listing())
            }
            return wait(isPlaceDoubtful(code) ? .list(Listing()) : .watch(resourceVersion: version), spread, retryAfter)
        case .idle, .waiting:
            preconditionFailure("nothing was under way that could fail")
        }
    }

    /// Whether asking for the same place again would fail for ever: the server does not know it (also after a restore
    /// from a backup, which it answers with a timeout), or the event that follows it cannot be read.
    private func isPlaceDoubtful(_ code: KubernetesError.Code) -> Bool {
        if case .opening = state, code == .timeout { return true }
        return [.expired, .invalid, .undecodable, .unexpected].contains(code)
    }

    package mutating func waited() -> Action {
        guard case .waiting(let next) = state else { preconditionFailure("no wait was asked for") }
        switch next {
        case .list(let listing): return list(listing)
        case .watch(let version): return watch(version)
        }
    }

    private mutating func list(_ listing: Listing) -> Action {
        state = .listing(listing)
        return .list(continue: listing.token, paged: listing.paged)
    }

    private mutating func watch(_ version: String) -> Action {
        state = .opening(resourceVersion: version)
        return .watch(resourceVersion: version)
    }

    private mutating func wait(_ next: Next, _ spread: Double, _ retryAfter: Duration?) -> Action {
        state = .waiting(next)
        return .wait(backoff.failed(spread: spread, retryAfter: retryAfter))
    }
}
