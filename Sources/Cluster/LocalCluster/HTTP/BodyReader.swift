import HTTPTypes
import Hummingbird
import KubernetesModel
import NIOCore
import Yams

/// Reads what clients send, within bounds.
enum BodyReader {
    /// As the API server limits a request, and etcd an object.
    static let limit = 3 * 1024 * 1024
    /// A body beyond the limit is read this far and thrown away, so that the client hears why it is refused instead of
    /// seeing its connection break.
    private static let discardLimit = 64 * 1024 * 1024

    static func bytes(of request: Request) async throws -> ByteBuffer {
        var buffer = ByteBuffer()
        var total = 0
        for try await part in request.body {
            total += part.readableBytes
            guard total <= discardLimit else { break }
            if total <= limit { buffer.writeImmutableBuffer(part) }
        }
        guard total <= limit else {
            throw APIFailure(
                code: 413, reason: "RequestEntityTooLarge",
                message: "Request entity too large: limit is \(limit) bytes")
        }
        return buffer
    }

    /// The document in a body of one of the types that objects come in.
    static func document(_ buffer: ByteBuffer, contentType: String?) throws(APIFailure) -> JSONValue {
        let type = MediaRange.list(contentType ?? "application/json").first?.type ?? ""
        switch type {
        case "", "application/json", "application/json-patch+json", "application/merge-patch+json",
            "application/strategic-merge-patch+json":
            return try json(buffer)
        case "application/yaml", "application/apply-patch+yaml", "application/x-yaml", "text/yaml":
            // Clients mostly send JSON, which is YAML too, and quicker to read.
            let first = buffer.readableBytesView.first { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }
            return first == UInt8(ascii: "{") ? try json(buffer) : try yaml(buffer)
        case ProtobufBody.contentType: return try ProtobufBody.document(Array(buffer.readableBytesView))
        default:
            throw APIFailure(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format (\(type)) - accepted media types include: "
                    + "application/json, application/yaml")
        }
    }

    private static func json(_ buffer: ByteBuffer) throws(APIFailure) -> JSONValue {
        do throws(JSONParseError) {
            return try JSONValue(parsing: buffer.readableBytesView)
        } catch {
            throw .badRequest("the body cannot be read: \(error)")
        }
    }

    private static func yaml(_ buffer: ByteBuffer) throws(APIFailure) -> JSONValue {
        do {
            guard let node = try Yams.compose(yaml: String(buffer: buffer)) else { return .null }
            var reader = YAMLReader()
            return try reader.value(node, depth: 0)
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw .badRequest("the body cannot be read as YAML: \(error)")
        }
    }
}

/// YAML's node tree as JSON, bounded in depth and size: aliases can make a small document huge.
private struct YAMLReader {
    private var remaining = 500_000

    mutating func value(_ node: Yams.Node, depth: Int) throws(APIFailure) -> JSONValue {
        remaining -= 1
        guard depth <= 100, remaining > 0 else { throw .badRequest("the YAML document is too deep or too large") }
        switch node {
        case .scalar(let scalar): return Self.scalar(scalar, node)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, member) in mapping {
                guard case .scalar(let name) = key else { throw .badRequest("a YAML key is not a scalar") }
                members[name.string] = try value(member, depth: depth + 1)
            }
            return .object(members)
        case .alias: throw .badRequest("the YAML document has an alias to nothing")
        }
    }

    private static func scalar(_ scalar: Yams.Node.Scalar, _ node: Yams.Node) -> JSONValue {
        switch node.tag.rawValue {
        case Tag.Name.null.rawValue: return .null
        case Tag.Name.bool.rawValue: return node.bool.map(JSONValue.bool) ?? .string(scalar.string)
        case Tag.Name.int.rawValue: return node.int.map { .integer(Int64($0)) } ?? .string(scalar.string)
        case Tag.Name.float.rawValue: return node.float.map(JSONValue.double) ?? .string(scalar.string)
        default: return .string(scalar.string)
        }
    }
}
