/// What a translation needs to know besides the plan. Fixed for the life of a process: a change would alter listeners.
package struct TranslationSettings: Hashable, Sendable {
    package enum AccessLog: Hashable, Sendable {
        case off
        /// One JSON object a line.
        case json
        /// One line of text a request.
        case text
    }

    /// Written to the proxy's standard output.
    package var accessLog: AccessLog
    /// A PEM file on the proxy's machine, for backends that are verified by public authorities.
    package var systemRoots: String

    package var limiter: LimiterSettings

    package init(
        accessLog: AccessLog = .json, systemRoots: String = "/etc/ssl/certs/ca-certificates.crt",
        limiter: LimiterSettings = LimiterSettings()
    ) {
        self.accessLog = accessLog
        self.systemRoots = systemRoots
        self.limiter = limiter
    }
}
