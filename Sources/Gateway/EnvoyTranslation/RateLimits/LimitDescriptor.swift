/// The words between proxies and limiters: the entries of the one descriptor that a proxy sends for a request.
///
/// It names the limit set and brings those parts of the request that the set's limits look at. What to count is decided
/// by the limiter, with the same code as `explain`.
package enum LimitDescriptor {
    package static let domain = "fairway"

    /// The limit set's name.
    package static let set = "set"
    /// Which of the set's limits: a `FailureClass`.
    package static let failureClass = "class"
    /// As Envoy's action calls it.
    package static let clientAddress = "remote_address"
    package static let method = "method"
    /// As the client wrote it.
    package static let host = "host"
    /// With the query.
    package static let path = "path"
    /// Present once the answer has gone: now the cost is known.
    package static let done = "done"
    /// Present where the limiter itself refused the request.
    package static let limitedBy = "limited_by"

    /// A request header.
    package static let headerPrefix = "h:"
    /// A response header that says a cost.
    package static let costPrefix = "r:"

    /// Where the limiter's words stand in a request's dynamic metadata: Envoy's filter has no say in it.
    package static let metadataNamespace = "envoy.filters.http.ratelimit"
    /// Metadata: the limits that were exceeded in shadow mode.
    package static let shadowedBy = "shadowed_by"
    /// Metadata: the status of the refusal, in digits.
    package static let status = "status"

    /// Envoy has one failure mode for a filter, and we one for a limit: so there are two filters, and a limit belongs to
    /// one of them.
    package enum FailureClass: String, Sendable, CaseIterable {
        case open
        case closed
    }

    /// The statuses that a refusal may have.
    package static let statuses: ClosedRange<UInt16> = 400...599
}
