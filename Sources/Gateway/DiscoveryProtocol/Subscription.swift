/// What a proxy asked for, of one type.
struct Subscription: Sendable {
    /// Set by the first request of the type.
    private(set) var hasStarted = false
    /// Interest in everything: said by `*`, or, for listeners and clusters, by a first request that names nothing.
    private(set) var isWildcard = false
    private(set) var names: Set<String> = []

    /// The name that stands for everything; not for secrets, where it is the name of the default certificate.
    static let wildcard = "*"

    func wants(_ name: String) -> Bool { isWildcard || names.contains(name) }

    /// Whether the request began a wildcard subscription.
    mutating func apply(_ request: DeltaRequest) -> Bool {
        let hadWildcard = isWildcard
        if !hasStarted, request.subscribe.isEmpty, request.type.hasImplicitWildcard { isWildcard = true }
        hasStarted = true
        for name in request.unsubscribe { remove(name, type: request.type) }
        for name in request.subscribe {
            if name == Self.wildcard, request.type != .secret {
                isWildcard = true
            } else {
                names.insert(name)
            }
        }
        return isWildcard && !hadWildcard
    }

    mutating func remove(_ name: String, type: ResourceType) {
        if name == Self.wildcard, type != .secret {
            isWildcard = false
        } else {
            names.remove(name)
        }
    }
}

extension ResourceType {
    /// Envoy asks for all listeners and clusters by naming none in its first request.
    var hasImplicitWildcard: Bool { self == .listener || self == .cluster }
}
