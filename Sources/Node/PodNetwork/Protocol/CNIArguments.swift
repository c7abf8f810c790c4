package import NetTypes

/// `CNI_ARGS`: `KEY=VALUE` pairs with semicolons. Kubernetes' runtimes say here which pod it is.
package struct CNIArguments: Sendable, Hashable {
    package var podNamespace = ""
    package var podName = ""
    package var podUID = ""
    package var address: IPAddress?
    package var hardwareAddress: MACAddress?

    /// An unknown key is an error unless `IgnoreUnknown` is true (the specification leaves it to the plugin; this is what the
    /// reference plugins do).
    package init(_ text: String) throws(CNIError) {
        var unknown: [String] = []
        var ignoresUnknown = false
        for pair in text.split(separator: ";") {
            guard let separator = pair.firstIndex(of: "="), separator != pair.startIndex else {
                throw CNIError(.invalidEnvironment, "CNI_ARGS has \"\(pair.prefix(60))\", which is not KEY=VALUE")
            }
            let value = pair[pair.index(after: separator)...]
            switch pair[..<separator] {
            case "IgnoreUnknown": ignoresUnknown = ["1", "true", "True", "TRUE", "t", "T"].contains(value)
            case "K8S_POD_NAMESPACE": podNamespace = String(value)
            case "K8S_POD_NAME": podName = String(value)
            case "K8S_POD_UID": podUID = String(value)
            case "K8S_POD_INFRA_CONTAINER_ID": break
            case "IP": address = try Self.parse(value, "IP", IPAddress.init)
            case "MAC": hardwareAddress = try Self.parse(value, "MAC", MACAddress.init)
            case let key: unknown.append(String(key.prefix(60)))
            }
        }
        guard unknown.isEmpty || ignoresUnknown else {
            throw CNIError(
                .invalidEnvironment,
                "CNI_ARGS has the unknown keys \(unknown.joined(separator: ", ")); add IgnoreUnknown=1 to have them ignored"
            )
        }
    }

    private static func parse<Value>(
        _ text: Substring, _ key: String, _ read: (Substring) -> Value?
    )
        throws(CNIError) -> Value
    {
        // Some callers write an address with the length of its network.
        guard let value = read(key == "IP" ? text.prefix { $0 != "/" } : text) else {
            throw CNIError(.invalidEnvironment, "CNI_ARGS has \(key)=\(text.prefix(60)), which cannot be read")
        }
        return value
    }
}
