package import KubernetesModel
package import NetTypes

/// What ADD made, before it is written in some version of the specification.
package struct AttachmentResult: Sendable, Hashable {
    package struct Interface: Sendable, Hashable {
        package var name: String
        package var hardwareAddress: MACAddress
        package var mtu: Int
        /// The pod's namespace; `nil` for the node's end.
        package var sandbox: String?
    }

    package struct Address: Sendable, Hashable {
        package var address: IPPrefix
        package var gateway: IPAddress
        /// Index into `interfaces`.
        package var interface: Int
    }

    package struct Route: Sendable, Hashable {
        package var destination: IPPrefix
        package var gateway: IPAddress
    }

    package var interfaces: [Interface]
    package var addresses: [Address]
    package var routes: [Route]
    package var dns: JSONValue?
}

extension AttachmentResult {
    /// The result in `version`, behind what a plugin before us had made.
    package func json(version: CNIVersion, behind previous: PreviousResult? = nil) -> JSONValue {
        let before = previous?.document
        let old = (before?["interfaces"]?.array ?? [])
        var result: JSONValue = ["cniVersion": .string(version.rawValue)]
        result["interfaces"] = .array(old + interfaces.map { $0.json(version) })
        result["ips"] = .array((before?["ips"]?.array ?? []) + addresses.map { $0.json(version, offset: old.count) })
        result["routes"] = .array((before?["routes"]?.array ?? []) + routes.map(\.json))
        result["dns"] = dns ?? before?["dns"] ?? [:]
        return result
    }
}

extension AttachmentResult.Interface {
    fileprivate func json(_ version: CNIVersion) -> JSONValue {
        var object: JSONValue = ["name": .string(name), "mac": .string(hardwareAddress.description)]
        if let sandbox { object["sandbox"] = .string(sandbox) }
        if version >= .v110 { object["mtu"] = .integer(Int64(mtu)) }
        return object
    }
}

extension AttachmentResult.Address {
    /// `version` of an address went away with 1.0.0.
    fileprivate func json(_ version: CNIVersion, offset: Int) -> JSONValue {
        var object: JSONValue = [
            "address": .string(address.description), "gateway": .string(gateway.description),
            "interface": .integer(Int64(offset + interface)),
        ]
        if version < .v100 { object["version"] = address.address.family == .v4 ? "4" : "6" }
        return object
    }
}

extension AttachmentResult.Route {
    fileprivate var json: JSONValue { ["dst": .string(destination.description), "gw": .string(gateway.description)] }
}

/// `prevResult`: kept as it came, so that nothing of another plugin's is lost, with a view on what CHECK compares.
package struct PreviousResult: Sendable, Hashable {
    package var document: JSONValue
    package var addresses: [IPAddress]
    /// Names of interfaces inside the pod, with the hardware addresses that are given.
    package var podInterfaces: [String: MACAddress?]

    init(_ document: JSONValue) throws(CNIError) {
        guard document.object != nil else {
            throw CNIError(.invalidConfiguration, "the configuration's \"prevResult\" is no object")
        }
        self.document = document
        let reader = ConfigurationReader(document, path: "prevResult.")
        addresses = []
        for item in try reader.list("ips") {
            guard let text = item["address"]?.string, let address = IPAddress(text.prefix { $0 != "/" }) else {
                throw reader.wrong("ips", "a list of addresses")
            }
            addresses.append(address)
        }
        podInterfaces = [:]
        for item in try reader.list("interfaces") {
            guard let name = item["name"]?.string else { throw reader.wrong("interfaces", "a list of interfaces") }
            guard let sandbox = item["sandbox"]?.string, !sandbox.isEmpty else { continue }
            podInterfaces[name] = .some(item["mac"]?.string.flatMap { MACAddress($0) })
        }
        _ = try reader.list("routes")
    }
}
