import KubernetesModel
import NIOCore

/// One version of one object, as bytes that every list and watch shares, and the few fields that the server asks for
/// again and again. Never changes after it was made.
final class StoredObject: Sendable {
    let name: ObjectName
    let revision: UInt64
    let uid: String
    let labels: [String: String]
    /// The values of the kind's selectable fields.
    let fields: [String: String]
    /// The uids in `metadata.ownerReferences`.
    let owners: [String]
    let isTerminating: Bool
    let hasFinalizers: Bool
    /// JSON with `metadata.resourceVersion` set to `revision`.
    let bytes: ByteBuffer

    /// Takes the object as it is to be stored, and numbers it.
    init(_ object: JSONValue, name: ObjectName, revision: UInt64, selectable: [String: String]) {
        var object = object
        var metadata = object["metadata"] ?? [:]
        metadata["resourceVersion"] = .string(String(revision))
        self.name = name
        self.revision = revision
        uid = metadata["uid"]?.string ?? ""
        labels = (metadata["labels"]?.object ?? [:]).compactMapValues(\.string)
        owners = (metadata["ownerReferences"]?.array ?? []).compactMap { $0["uid"]?.string }
        isTerminating = metadata["deletionTimestamp"]?.string != nil
        hasFinalizers = !(metadata["finalizers"]?.array ?? []).isEmpty
        var fields: [String: String] = [:]
        for (path, absent) in selectable { fields[path] = object.selectableText(at: path) ?? absent }
        self.fields = fields
        object["metadata"] = metadata
        bytes = ByteBuffer(bytes: object.serialized())
    }

    /// The object, read again from its bytes: most objects are only ever passed on.
    var value: JSONValue {
        do throws(JSONParseError) {
            return try JSONValue(parsing: bytes.readableBytesView, maxDepth: 1000)
        } catch {
            preconditionFailure("a stored object is not JSON: \(error)")
        }
    }
}

extension JSONValue {
    /// The value at a dotted path as field selectors compare it.
    fileprivate func selectableText(at path: String) -> String? {
        var value: JSONValue? = self
        for key in path.split(separator: ".") { value = value?[String(key)] }
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .bool(let flag): return String(flag)
        // An event's `source` selects by its component.
        case .object(let members): return members["component"]?.string
        default: return nil
        }
    }
}
