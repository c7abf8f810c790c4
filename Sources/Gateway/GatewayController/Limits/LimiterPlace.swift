package import DiscoveryServer
package import EnvoyTranslation
package import RateLimiter

/// Who counts for the proxies, and where they find it.
package struct LimiterPlace: Sendable {
    /// Answers in this process.
    package struct Own: Sendable {
        /// `nil`: beside the local Envoy's other sockets.
        package var address: DiscoveryConfiguration.Address?
        package var tls: DiscoveryConfiguration.MutualTLS?
        package var counters: any CounterStore
        /// What must run for the counters, until cancelled.
        package var run: (@Sendable () async -> Void)?

        package init(
            address: DiscoveryConfiguration.Address? = nil, tls: DiscoveryConfiguration.MutualTLS? = nil,
            counters: any CounterStore, run: (@Sendable () async -> Void)? = nil
        ) {
            self.run = run
            self.address = address
            self.tls = tls
            self.counters = counters
        }
    }

    package var own: Own?
    /// How proxies reach it. Without an address: by the own limiter's unix socket, if there is one.
    package var settings: LimiterSettings

    package init(own: Own? = nil, settings: LimiterSettings = LimiterSettings()) {
        self.own = own
        self.settings = settings
    }
}
