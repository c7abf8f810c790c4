import KubernetesModel
import NIOCore

/// One line of a watch, encoded once for all who see it.
struct WatchEvent: Sendable {
    enum EventType: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    let type: EventType
    let object: StoredObject
    /// The line, newline included, with the object as it is stored.
    let line: ByteBuffer

    init(type: EventType, object: StoredObject) {
        self.type = type
        self.object = object
        line = Self.line(type, object.bytes)
    }

    static func line(_ type: EventType, _ object: ByteBuffer) -> ByteBuffer {
        var line = ByteBuffer()
        line.reserveCapacity(object.readableBytes + 40)
        line.writeString("{\"type\":\"\(type.rawValue)\",\"object\":")
        line.writeImmutableBuffer(object)
        line.writeString("}\n")
        return line
    }
}
