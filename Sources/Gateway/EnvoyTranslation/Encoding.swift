import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf

extension Message {
    /// The serialised message, the same bytes for the same content.
    ///
    /// Serialising fails only for a missing proto2 field or a message of more than 2 GiB. Our messages have neither.
    func encoded() -> [UInt8] {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        do {
            return try serializedBytes(options: options)
        } catch {
            preconditionFailure("\(Self.protoMessageName) cannot be serialised: \(error)")
        }
    }

    /// The message as one length-delimited field of another, tag included.
    func encoded(asField number: UInt32) -> [UInt8] {
        let content = encoded()
        var field: [UInt8] = []
        field.reserveCapacity(content.count + 8)
        field.append(varint: UInt64(number) << 3 | 2)
        field.append(varint: UInt64(content.count))
        field.append(contentsOf: content)
        return field
    }

    var packed: Google_Protobuf_Any {
        var any = Google_Protobuf_Any()
        any.typeURL = "type.googleapis.com/" + Self.protoMessageName
        any.value = .init(encoded())
        return any
    }
}

extension [UInt8] {
    fileprivate mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

extension Google_Protobuf_Duration {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
    }
}

extension Envoy_Config_Core_V3_ConfigSource {
    /// The aggregated stream that everything comes on.
    static let aggregated = Self.with {
        $0.ads = .init()
        $0.resourceApiVersion = .v3
    }
}

extension Envoy_Config_Core_V3_TypedExtensionConfig {
    init(name: String, _ message: some Message) {
        self.init()
        self.name = name
        typedConfig = message.packed
    }
}

extension Envoy_Config_Core_V3_TransportSocket {
    init(tls context: some Message) {
        self.init()
        name = "envoy.transport_sockets.tls"
        typedConfig = context.packed
    }
}
