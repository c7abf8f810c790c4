/// Names as Prometheus wants them, from labels as swift-metrics users write them (`http.server.request.duration`).
enum MetricName {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; whatever else becomes an underscore.
    static func sanitized(_ label: String) -> String { sanitized(label, allowsColon: true) }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`: as a metric's name, but colons are not for labels.
    static func sanitizedLabel(_ label: String) -> String { sanitized(label, allowsColon: false) }

    static func counter(_ label: String) -> String { appending("_total", to: sanitized(label)) }

    /// Timers are exported in seconds, and say so.
    static func timer(_ label: String) -> String { appending("_seconds", to: sanitized(label)) }

    private static func appending(_ suffix: String, to name: String) -> String {
        name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func sanitized(_ label: String, allowsColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in label.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: ":") where allowsColon:
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
