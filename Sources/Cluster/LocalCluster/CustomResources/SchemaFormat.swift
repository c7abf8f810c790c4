import CommonExpressions
import KubernetesModel
import NetTypes

/// Texts with a `format`. Formats that are not known here say nothing, as in the real server.
enum SchemaFormat {
    static func accepts(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time", "datetime": TimestampValue(text) != nil
        case "date": TimestampValue(date: text) != nil
        case "duration": DurationValue(text) != nil
        case "byte": Base64.decoded(text) != nil
        case "ipv4": IPAddress(text)?.family == .v4
        case "ipv6": IPAddress(text)?.family == .v6
        case "cidr": CIDRValue(text) != nil
        case "uri": URLValue(text) != nil
        case "uuid": isUUID(text)
        case "hostname": text.utf8.count <= 253 && NameRules.dns1123Subdomain(text.lowercased()).isEmpty
        default: true
        }
    }

    private static func isUUID(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        return digits.count == 32 && [32, 36].contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0 == "-" || $0.properties.isASCIIHexDigit }
    }
}
