import KubernetesModel
import NIOCore

/// Turns stored objects into what a client asked for. Plain objects are passed on as the bytes that they are stored as.
struct Presentation: Sendable {
    var resource: APIResource
    var representation: Representation
    /// What a table carries of each object: "Metadata" (the default), "Object" or "None".
    var includeObject = "Metadata"
    /// Custom resources are stored in one version; another one is made by rewriting `apiVersion`.
    var storedVersion: String?

    private var needsConversion: Bool {
        guard let storedVersion else { return false }
        return storedVersion != resource.resource.apiVersion
    }

    var contentType: String {
        switch representation {
        case .object: "application/json"
        case .table(let version): "application/json;as=Table;v=\(version);g=meta.k8s.io"
        case .metadata(let version): "application/json;as=PartialObjectMetadata;v=\(version);g=meta.k8s.io"
        }
    }

    private func value(_ object: StoredObject) -> JSONValue {
        var value = object.value
        if needsConversion { value["apiVersion"] = .string(resource.resource.apiVersion) }
        return value
    }

    private func plain(_ object: StoredObject) -> ByteBuffer {
        needsConversion ? ByteBuffer(bytes: value(object).serialized()) : object.bytes
    }

    func single(_ object: StoredObject, now: Timestamp) -> ByteBuffer {
        switch representation {
        case .object: plain(object)
        case .table:
            ByteBuffer(bytes: table([object], metadata: listMetadata(of: object), now: now).serialized())
        case .metadata: ByteBuffer(bytes: metadataOnly(object).serialized())
        }
    }

    /// An object that is not stored as it is, such as the answer to a dry run of a scale.
    func single(_ value: JSONValue) -> ByteBuffer { ByteBuffer(bytes: value.serialized()) }

    func list(_ objects: [StoredObject], metadata: JSONValue, now: Timestamp) -> ByteBuffer {
        switch representation {
        case .object:
            return assembled(
                kind: resource.listKind, apiVersion: resource.resource.apiVersion, metadata: metadata,
                items: objects.lazy.map(plain))
        case .table: return ByteBuffer(bytes: table(objects, metadata: metadata, now: now).serialized())
        case .metadata(let version):
            return assembled(
                kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/\(version)", metadata: metadata,
                items: objects.lazy.map { ByteBuffer(bytes: metadataOnly($0).serialized()) })
        }
    }

    func watchLine(_ event: WatchEvent, now: Timestamp) -> ByteBuffer {
        switch representation {
        case .object:
            return needsConversion ? WatchEvent.line(event.type, plain(event.object)) : event.line
        case .table, .metadata:
            return WatchEvent.line(event.type, single(event.object, now: now))
        }
    }

    private func assembled(
        kind: String, apiVersion: String, metadata: JSONValue, items: some Sequence<ByteBuffer>
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("{\"kind\":\"\(kind)\",\"apiVersion\":\"\(apiVersion)\",\"metadata\":")
        buffer.writeBytes(metadata.serialized())
        buffer.writeString(",\"items\":[")
        var isFirst = true
        for item in items {
            if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            buffer.writeImmutableBuffer(item)
        }
        buffer.writeString("]}\n")
        return buffer
    }

    private func metadataOnly(_ object: StoredObject) -> JSONValue {
        let version = if case .metadata(let version) = representation { version } else { "v1" }
        return [
            "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
            "metadata": value(object)["metadata"] ?? [:],
        ]
    }

    private func listMetadata(of object: StoredObject) -> JSONValue {
        ["resourceVersion": .string(String(object.revision))]
    }

    private func table(_ objects: [StoredObject], metadata: JSONValue, now: Timestamp) -> JSONValue {
        let version = if case .table(let version) = representation { version } else { "v1" }
        let columns = TablePrinter.columns(of: resource)
        let rows = objects.map { object -> JSONValue in
            let value = value(object)
            var row: JSONValue = ["cells": .array(columns.map { $0.cell(value, now) })]
            switch includeObject {
            case "None": break
            case "Object": row["object"] = value
            default:
                row["object"] = [
                    "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
                    "metadata": value["metadata"] ?? [:],
                ]
            }
            return row
        }
        return [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
            "columnDefinitions": .array(columns.map(\.definition)), "rows": .array(rows),
        ]
    }
}
