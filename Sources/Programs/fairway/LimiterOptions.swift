import ArgumentParser
import DiscoveryServer
import EnvoyTranslation
import GatewayController
import Logging
import RateLimiter

/// What `up` and `controller` share about limits: how long proxies wait, and what is counted where.
struct LimiterOptions: ParsableArguments {
    @OptionGroup var counting: CounterOptions

    @Option(
        name: .customLong("ratelimit-timeout"),
        help: "How many milliseconds a request waits for the limiter before its limits' onLimiterFailure decides.")
    var timeoutMilliseconds = 50

    func validate() throws {
        if !(1...60_000).contains(timeoutMilliseconds) {
            throw ValidationError("--ratelimit-timeout \(timeoutMilliseconds): write 1 to 60000 milliseconds")
        }
    }

    var timeout: Duration { .milliseconds(timeoutMilliseconds) }

    /// For an Envoy on this machine.
    func local(_ counters: CounterOptions.Opened) -> LimiterPlace {
        LimiterPlace(
            own: LimiterPlace.Own(counters: counters.store, run: counters.run),
            settings: LimiterSettings(timeout: timeout))
    }
}

/// Limits for proxies elsewhere.
struct RemoteLimiterOptions: ParsableArguments {
    @Option(
        name: .customLong("ratelimit-service"),
        help: "Where proxies elsewhere find their limiters, as they see it: host:port. See `fairway ratelimit`.")
    var service: String?

    @Option(
        name: .customLong("ratelimit-address"),
        help:
            "Count here, for proxies elsewhere: the address:port to answer on, with the certificates of --xds-address.")
    var ownAddress: String?

    @Option(
        name: .customLong("ratelimit-tls-cert"), help: "PEM file on the proxies' machines: what they show limiters.")
    var certificateFile: String?

    @Option(name: .customLong("ratelimit-tls-key"), help: "PEM file on the proxies' machines: its private key.")
    var keyFile: String?

    @Option(
        name: .customLong("ratelimit-tls-ca"), help: "PEM file on the proxies' machines: the limiters' authority.")
    var authorityFile: String?

    func validate() throws {
        let files = [certificateFile, keyFile, authorityFile].compactMap(\.self)
        if !files.isEmpty, files.count < 3 {
            throw ValidationError("--ratelimit-tls-cert, --ratelimit-tls-key and --ratelimit-tls-ca go together")
        }
        if ownAddress != nil, service == nil {
            throw ValidationError("--ratelimit-address needs --ratelimit-service: proxies must know where to ask")
        }
        _ = try address()
        _ = try own()
    }

    func place(
        _ options: LimiterOptions, _ counters: CounterOptions.Opened, tls: DiscoveryConfiguration.MutualTLS?
    )
        throws -> LimiterPlace
    {
        var settings = LimiterSettings(address: try address(), timeout: options.timeout)
        if let certificateFile, let keyFile, let authorityFile {
            settings.tls = LimiterSettings.MutualTLS(
                certificateChainFile: certificateFile, privateKeyFile: keyFile, authorityFile: authorityFile)
        }
        let own = try own().map {
            LimiterPlace.Own(
                address: $0, tls: tls, counters: counters.store, run: counters.run)
        }
        return LimiterPlace(own: own, settings: settings)
    }

    private func address() throws -> LimiterSettings.Address? {
        guard let service else { return nil }
        let address = try AddressArgument(service, flag: "--ratelimit-service")
        return .tcp(host: address.host, port: address.port)
    }

    private func own() throws -> DiscoveryConfiguration.Address? {
        guard let ownAddress else { return nil }
        let address = try AddressArgument(ownAddress, flag: "--ratelimit-address")
        _ = try address.address(flag: "--ratelimit-address")
        return .tcp(host: address.host, port: Int(address.port))
    }
}
