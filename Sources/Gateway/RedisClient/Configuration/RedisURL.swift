extension RedisConfiguration {
    /// Reads an address as people write it:
    ///
    ///     redis://[[user]:password@]host[:6379][/database]
    ///     rediss://…                                            the same over TLS
    ///     redis+sentinel://[[user]:password@]host[:26379],…/name[/database]
    ///     redis+cluster://[[user]:password@]host[:6379],…
    ///
    /// `rediss+sentinel` and `rediss+cluster` use TLS. Behind `?`, joined by `&`: `ca`, `cert`, `key` (PEM files),
    /// `server-name`, `sentinel-user`, `sentinel-password`, `timeout` (milliseconds), `connections`. Users and passwords are
    /// percent-encoded.
    /// - Throws: `configuration`, which repeats nothing that may be a password.
    package init(url: String) throws(RedisError) {
        guard let colon = url.firstRange(of: "://") else {
            throw .configuration(
                "a Redis address begins with redis://, rediss://, redis+sentinel:// or redis+cluster://")
        }
        var rest = url[colon.upperBound...]
        var options: [String: String] = [:]
        if let question = rest.lastIndex(of: "?") {
            options = try Self.options(rest[rest.index(after: question)...])
            rest = rest[..<question]
        }
        var login: Login?
        if let at = rest.lastIndex(of: "@") {
            login = try Self.login(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        let path = rest.split(separator: "/", omittingEmptySubsequences: false)
        let scheme = url[..<colon.lowerBound]
        let (topology, database) = try Self.topology(scheme, hosts: path[0], path: path.dropFirst())
        self.init(topology: topology, login: login, database: database)
        if scheme.hasPrefix("rediss") { tls = TLS() }
        try apply(options)
    }

    private static func topology(
        _ scheme: Substring, hosts: Substring, path: ArraySlice<Substring>
    ) throws(RedisError) -> (Topology, Int) {
        let path = path.filter { !$0.isEmpty }
        switch scheme {
        case "redis", "rediss":
            let addresses = try addresses(hosts, defaultPort: 6379)
            guard addresses.count == 1, path.count <= 1 else {
                throw .configuration("a Redis address has one host and at most a database: \(scheme)://host:6379/0")
            }
            return (.standalone(addresses[0]), try database(path.first))
        case "redis+sentinel", "rediss+sentinel":
            let addresses = try addresses(hosts, defaultPort: 26_379)
            guard let name = path.first, path.count <= 2 else {
                throw .configuration(
                    "an address of sentinels ends with the master's name: \(scheme)://host:26379/mymaster")
            }
            guard let name = name.percentDecoded else { throw .configuration("the master's name is wrongly escaped") }
            return (.sentinel(addresses, name: name), try database(path.dropFirst().first))
        case "redis+cluster", "rediss+cluster":
            guard path.isEmpty else { throw .configuration("a Redis cluster has no databases: leave out the path") }
            return (.cluster(try addresses(hosts, defaultPort: 6379)), 0)
        default:
            throw .configuration(
                "\(scheme):// is no Redis address: redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, "
                    + "rediss+cluster are")
        }
    }

    private static func addresses(_ text: Substring, defaultPort: Int) throws(RedisError) -> [RedisAddress] {
        var addresses: [RedisAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let address = RedisAddress(part, defaultPort: defaultPort) else {
                throw .configuration("\"\(part)\" in a Redis address is no host or host:port")
            }
            addresses.append(address)
        }
        return addresses
    }

    private static func database(_ text: Substring?) throws(RedisError) -> Int {
        guard let text else { return 0 }
        guard let number = Int(text), (0...1_000_000).contains(number) else {
            throw .configuration("the database \"\(text)\" in a Redis address is no number")
        }
        return number
    }

    private static func login(_ text: Substring) throws(RedisError) -> Login? {
        let colon = text.firstIndex(of: ":")
        let user = text[..<(colon ?? text.startIndex)]
        let password = colon.map { text[text.index(after: $0)...] } ?? text
        guard let user = user.percentDecoded, let password = password.percentDecoded else {
            throw .configuration("user or password in a Redis address are wrongly escaped: write % as %25, @ as %40")
        }
        return Login(user: user.isEmpty ? nil : user, password: password)
    }

    private static func options(_ text: Substring) throws(RedisError) -> [String: String] {
        var options: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = parts[1].percentDecoded else {
                throw .configuration("the option \"\(parts[0])\" of a Redis address has no value that can be read")
            }
            options[String(parts[0])] = value
        }
        return options
    }

    private mutating func apply(_ options: [String: String]) throws(RedisError) {
        for (name, value) in options {
            switch name {
            case "ca", "cert", "key", "server-name":
                guard tls != nil else {
                    throw .configuration("\(name) in a Redis address needs TLS: begin with rediss")
                }
                if name == "ca" { tls?.authorities = value }
                if name == "cert" { tls?.certificate = value }
                if name == "key" { tls?.key = value }
                if name == "server-name" { tls?.serverName = value }
            case "sentinel-password":
                sentinelLogin = Login(user: options["sentinel-user"], password: value)
            case "sentinel-user": continue
            case "timeout": timeout = .milliseconds(try Self.number(name, value, 1...60_000))
            case "connections": connections = try Self.number(name, value, 1...64)
            default: throw .configuration("a Redis address has no option \"\(name)\"")
            }
        }
    }

    private static func number(_ name: String, _ value: String, _ range: ClosedRange<Int>) throws(RedisError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw .configuration("\(name) in a Redis address must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension Substring {
    /// `nil` where a `%` has no two digits, or bytes are no UTF-8.
    fileprivate var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let digits = String(rest.prefix(2)), !digits.contains("+"), !digits.contains("-"),
                let decoded = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
