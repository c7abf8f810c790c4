import NetTypes

extension Functions {
    static let networks: Table = [
        "ip": [
            .function(.string, gives: .ip) { values in
                try present(Value.ipAddress(values[0].text).map { .ip($0) }, "IP address", values[0])
            },
            .method(.cidr, gives: .ip) { values in .ip(range(values[0]).address) },
        ],
        "isIP": [.function(.string, gives: .bool) { values in .bool(Value.ipAddress(values[0].text) != nil) }],
        "ip.isCanonical": [
            .function(.string, gives: .bool) { values in
                guard let address = Value.ipAddress(values[0].text) else {
                    throw EvaluationError("IP Address '\(values[0].text.prefix(64))' parse error")
                }
                return .bool(address.description == values[0].text)
            }
        ],
        "family": [.method(.ip, gives: .int) { values in .int(address(values[0]).family == .v4 ? 4 : 6) }],
        "isUnspecified": [.method(.ip, gives: .bool) { values in .bool(address(values[0]).isUnspecified) }],
        "isLoopback": [.method(.ip, gives: .bool) { values in .bool(address(values[0]).isLoopback) }],
        "isLinkLocalMulticast": [
            .method(.ip, gives: .bool) { values in .bool(isLinkLocalMulticast(address(values[0]))) }
        ],
        "isLinkLocalUnicast": [.method(.ip, gives: .bool) { values in .bool(isLinkLocalUnicast(address(values[0]))) }],
        "isGlobalUnicast": [.method(.ip, gives: .bool) { values in .bool(isGlobalUnicast(address(values[0]))) }],
        "cidr": [
            .function(.string, gives: .cidr) { values in
                try present(CIDRValue(values[0].text).map { .cidr($0) }, "CIDR", values[0])
            }
        ],
        "isCIDR": [.function(.string, gives: .bool) { values in .bool(CIDRValue(values[0].text) != nil) }],
        "containsIP": [
            .method(.cidr, .ip, gives: .bool) { values in .bool(range(values[0]).contains(address(values[1]))) },
            .method(.cidr, .string, gives: .bool) { values in
                guard let address = Value.ipAddress(values[1].text) else {
                    throw EvaluationError("IP Address '\(values[1].text.prefix(64))' parse error")
                }
                return .bool(range(values[0]).contains(address))
            },
        ],
        "containsCIDR": [
            .method(.cidr, .cidr, gives: .bool) { values in .bool(range(values[0]).contains(range(values[1]))) },
            .method(.cidr, .string, gives: .bool) { values in
                guard let other = CIDRValue(values[1].text) else {
                    throw EvaluationError("network address parse error: '\(values[1].text.prefix(64))'")
                }
                return .bool(range(values[0]).contains(other))
            },
        ],
        "masked": [.method(.cidr, gives: .cidr) { values in .cidr(range(values[0]).masked) }],
        "prefixLength": [.method(.cidr, gives: .int) { values in .int(Int64(range(values[0]).length)) }],
    ]

    private static func address(_ value: Value) -> IPAddress {
        guard case .ip(let address) = value else { preconditionFailure("the overload asks for an IP address") }
        return address
    }

    private static func range(_ value: Value) -> CIDRValue {
        guard case .cidr(let range) = value else { preconditionFailure("the overload asks for a CIDR") }
        return range
    }

    private static func isLinkLocalMulticast(_ address: IPAddress) -> Bool {
        let bytes = address.bytes
        return address.family == .v4
            ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xff && bytes[1] & 0x0f == 2
    }

    private static func isLinkLocalUnicast(_ address: IPAddress) -> Bool {
        let bytes = address.bytes
        return address.family == .v4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    }

    private static func isGlobalUnicast(_ address: IPAddress) -> Bool {
        let bytes = address.bytes
        let isMulticast = address.family == .v4 ? bytes[0] & 0xf0 == 0xe0 : bytes[0] == 0xff
        return !isMulticast && !address.isUnspecified && !address.isLoopback && !isLinkLocalUnicast(address)
            && bytes != [255, 255, 255, 255]
    }
}
