import FoundationEssentials
import NetTypes

/// Limit sets travel to limiters as bytes: JSON with a version, keys in order, so that equal sets have equal bytes.
extension LimitSet {
    /// Raised whenever a reader of the version before would misunderstand.
    package static let bytesVersion = 1
    /// More is refused unread. 64 limits with all that a policy may say stay far below.
    package static let maxBytes = 4 << 20

    package struct Unreadable: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    private struct Envelope: Codable {
        var version: Int
        var limits: [RateLimit]
        var replaced: [ReplacedLimit]
    }

    private struct Version: Codable {
        var version: Int
    }

    /// The canonical form; `LimitSetID` is a hash of it.
    package var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Nothing in a limit is a floating-point number, which is all that JSON could refuse.
        let data = try? encoder.encode(Envelope(version: Self.bytesVersion, limits: limits, replaced: replaced))
        return data.map(Array.init) ?? []
    }

    package init(bytes: [UInt8]) throws(Unreadable) {
        guard bytes.count <= Self.maxBytes else {
            throw Unreadable(description: "a limit set of \(bytes.count) bytes is longer than \(Self.maxBytes)")
        }
        let data = Data(bytes)
        let decoder = JSONDecoder()
        guard let version = try? decoder.decode(Version.self, from: data).version else {
            throw Unreadable(description: "a limit set is no JSON object with a version")
        }
        guard version == Self.bytesVersion else {
            throw Unreadable(
                description: "a limit set has version \(version); this fairway reads \(Self.bytesVersion)")
        }
        guard let envelope = try? decoder.decode(Envelope.self, from: data) else {
            throw Unreadable(description: "a limit set of version \(version) has fields that cannot be read")
        }
        self.init(limits: envelope.limits, replaced: envelope.replaced)
    }
}

extension IPPrefix: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let prefix = IPPrefix(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no CIDR")
        }
        self = prefix
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
