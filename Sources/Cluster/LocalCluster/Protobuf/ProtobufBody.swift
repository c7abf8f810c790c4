import KubernetesModel

/// Reads objects in Kubernetes' protobuf form, in which `kubectl create` sends the kinds that it knows. Answers are
/// always JSON, which such clients accept too.
///
/// Only what the schema of the built-in kinds knows can be read. Anything else is refused, never left out.
enum ProtobufBody {
    static let contentType = "application/vnd.kubernetes.protobuf"
    private static let maximumDepth = 32

    /// `k8s\0`, then a `runtime.Unknown`: the type (1) and the object (2).
    static func document(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        guard bytes.starts(with: [0x6b, 0x38, 0x73, 0x00]) else {
            throw .badRequest("the body is not Kubernetes' protobuf form: it does not begin with \"k8s\\0\"")
        }
        var apiVersion = ""
        var kind = ""
        var raw: ArraySlice<UInt8> = []
        var envelope = ProtobufReader(bytes.dropFirst(4))
        while let field = try read(&envelope) {
            guard case .bytes(let value) = field.value else { continue }
            switch field.number {
            case 1:
                var type = ProtobufReader(value)
                while let member = try read(&type) {
                    guard case .bytes(let text) = member.value else { continue }
                    if member.number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
                    if member.number == 2 { kind = String(decoding: text, as: UTF8.self) }
                }
            case 2: raw = value
            default: break
            }
        }
        if kind == "DeleteOptions" { return try deleteOptions(raw) }
        guard let node = BuiltInSchema.node(apiVersion: apiVersion, kind: kind) else {
            throw unsupported("\(kind) of \(apiVersion)")
        }
        var object = try message(raw, node: node, depth: 0)
        object["apiVersion"] = .string(apiVersion)
        object["kind"] = .string(kind)
        return object
    }

    private static func read(
        _ reader: inout ProtobufReader
    ) throws(APIFailure) -> (number: UInt64, value: ProtobufReader.Value)? {
        do throws(ProtobufReader.Malformed) {
            return try reader.next()
        } catch {
            throw .badRequest("the body is damaged protobuf")
        }
    }

    private static func unsupported(_ what: String) -> APIFailure {
        APIFailure(
            code: 415, reason: "UnsupportedMediaType",
            message: "this server cannot read \(what) as \(contentType): send application/json")
    }

    // MARK: - Messages

    private static func message(
        _ bytes: ArraySlice<UInt8>, node: SchemaNode, depth: Int
    ) throws(APIFailure) -> JSONValue {
        guard depth < maximumDepth else { throw .badRequest("the protobuf body is nested too deep") }
        var object: JSONValue = [:]
        var reader = ProtobufReader(bytes)
        guard let structure = node.members, let fields = ProtobufSchema.fields[structure.name] else {
            while let field = try read(&reader) {
                if !field.value.isEmpty { throw unsupported("a field of this object") }
            }
            return object
        }
        while let (number, value) = try read(&reader) {
            guard let field = fields[number] else {
                // Go writes fields that are not set, too.
                if value.isEmpty { continue }
                throw unsupported("field \(number) of \(structure.name)")
            }
            if field.isInline {
                guard case .bytes(let inner) = value else { throw .badRequest("the body is damaged protobuf") }
                let members = try inlined(inner, type: field.name, into: node, depth: depth + 1)
                for (key, member) in members.object ?? [:] { object[key] = member }
                continue
            }
            guard let member = node.member(field.name) else {
                if value.isEmpty { continue }
                throw unsupported("\(structure.name).\(field.name)")
            }
            try add(value, to: &object, name: field.name, node: member, depth: depth + 1)
        }
        return object
    }

    /// A message whose fields stand in the JSON of the one around it.
    private static func inlined(
        _ bytes: ArraySlice<UInt8>, type: String, into node: SchemaNode, depth: Int
    ) throws(APIFailure) -> JSONValue {
        var object: JSONValue = [:]
        var reader = ProtobufReader(bytes)
        while let (number, value) = try read(&reader) {
            guard let field = ProtobufSchema.fields[type]?[number], let member = node.member(field.name) else {
                if value.isEmpty { continue }
                throw unsupported("field \(number) of \(type)")
            }
            try add(value, to: &object, name: field.name, node: member, depth: depth)
        }
        return object
    }

    private static func add(
        _ value: ProtobufReader.Value, to object: inout JSONValue, name: String, node: SchemaNode, depth: Int
    ) throws(APIFailure) {
        switch node {
        case .list(let element, _):
            guard let item = try single(value, node: element, name: name, keepsZero: true, depth: depth) else {
                return
            }
            object[name] = .array((object[name]?.array ?? []) + [item])
        case .map(let element, _):
            guard case .bytes(let entry) = value else { throw .badRequest("the body is damaged protobuf") }
            var map = object[name] ?? [:]
            var key = ""
            var item: JSONValue = ""
            var reader = ProtobufReader(entry)
            while let (number, part) = try read(&reader) {
                if number == 1, case .bytes(let text) = part { key = String(decoding: text, as: UTF8.self) }
                if number == 2 {
                    item = try single(part, node: element, name: name, keepsZero: true, depth: depth) ?? ""
                }
            }
            map[key] = item
            object[name] = map
        default:
            if let item = try single(value, node: node, name: name, keepsZero: false, depth: depth) {
                object[name] = item
            }
        }
    }

    // MARK: - Values

    /// - Parameter keepsZero: whether an empty value means something, as in a list. Elsewhere it mostly means that the
    ///   field is not set: Go writes those that are no pointers all the same.
    private static func single(
        _ value: ProtobufReader.Value, node: SchemaNode, name: String, keepsZero: Bool, depth: Int
    ) throws(APIFailure) -> JSONValue? {
        let keepsZero = keepsZero || ProtobufSchema.optionals.contains(name)
        switch (node, value) {
        case (.scalar(.bool), .number(let number)):
            return number != 0 || keepsZero ? .bool(number != 0) : JSONValue?.none
        case (.scalar(.int), .number(let number)), (.scalar(.int64), .number(let number)),
            (.scalar(.number), .number(let number)):
            return number != 0 || keepsZero ? .integer(Int64(bitPattern: number)) : JSONValue?.none
        case (.scalar(.string), .bytes(let bytes)):
            return !bytes.isEmpty || keepsZero ? .string(String(decoding: bytes, as: UTF8.self)) : JSONValue?.none
        case (.scalar(.bytes), .bytes(let bytes)): return .string(Base64.encoded(Array(bytes)))
        case (.scalar(.time), .bytes(let bytes)): return try time(bytes)
        case (.scalar(.quantity), .bytes(let bytes)): return try text(bytes, field: 1)
        case (.scalar(.intOrString), .bytes(let bytes)): return try intOrString(bytes)
        case (.any, .bytes(let bytes)) where name == "fieldsV1":
            let text = try text(bytes, field: 1).string ?? "{}"
            return (try? JSONValue(parsing: text.utf8)) ?? [:]
        case (.named, .bytes(let bytes)), (.structure, .bytes(let bytes)):
            let message = try message(bytes, node: node, depth: depth)
            return message.object?.isEmpty == true && !keepsZero ? JSONValue?.none : message
        default: throw unsupported("the field \(name)")
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, field wanted: UInt64) throws(APIFailure) -> JSONValue {
        var reader = ProtobufReader(bytes)
        while let (number, value) = try read(&reader) {
            if number == wanted, case .bytes(let text) = value { return .string(String(decoding: text, as: UTF8.self)) }
        }
        return ""
    }

    /// `Time`: seconds (1). The zero time is an empty message, and means that there is none.
    private static func time(_ bytes: ArraySlice<UInt8>) throws(APIFailure) -> JSONValue? {
        var reader = ProtobufReader(bytes)
        while let (number, value) = try read(&reader) {
            if number == 1, case .number(let seconds) = value {
                return .string(Timestamp(secondsSinceEpoch: Int64(bitPattern: seconds)).description)
            }
        }
        return nil
    }

    /// `IntOrString`: which (1), the number (2), the text (3).
    private static func intOrString(_ bytes: ArraySlice<UInt8>) throws(APIFailure) -> JSONValue? {
        var isText = false
        var integer: Int64 = 0
        var string = ""
        var reader = ProtobufReader(bytes)
        while let (number, value) = try read(&reader) {
            switch (number, value) {
            case (1, .number(let type)): isText = type == 1
            case (2, .number(let value)): integer = Int64(Int32(truncatingIfNeeded: value))
            case (3, .bytes(let text)): string = String(decoding: text, as: UTF8.self)
            default: break
            }
        }
        if isText { return .string(string) }
        return integer == 0 ? JSONValue?.none : .integer(integer)
    }

    /// `DeleteOptions`: grace period (1), preconditions (2: uid 1, resourceVersion 2), propagation (4), dry run (5).
    private static func deleteOptions(_ bytes: ArraySlice<UInt8>) throws(APIFailure) -> JSONValue {
        var options: JSONValue = ["kind": "DeleteOptions", "apiVersion": "v1"]
        var reader = ProtobufReader(bytes)
        while let (number, value) = try read(&reader) {
            switch (number, value) {
            case (1, .number(let seconds)): options["gracePeriodSeconds"] = .integer(Int64(bitPattern: seconds))
            case (2, .bytes(let preconditions)):
                var inner = ProtobufReader(preconditions)
                while let (number, value) = try read(&inner) {
                    guard case .bytes(let text) = value else { continue }
                    let key = number == 1 ? "uid" : "resourceVersion"
                    var members = options["preconditions"] ?? [:]
                    members[key] = .string(String(decoding: text, as: UTF8.self))
                    options["preconditions"] = members
                }
            case (4, .bytes(let text)): options["propagationPolicy"] = .string(String(decoding: text, as: UTF8.self))
            case (5, .bytes(let text)): options["dryRun"] = [.string(String(decoding: text, as: UTF8.self))]
            default: break
            }
        }
        return options
    }
}

/// The field numbers, ready to look up.
enum ProtobufSchema {
    struct Field: Sendable {
        var name: String
        var isInline: Bool
    }

    /// By type, then number.
    static let fields: [String: [UInt64: Field]] = {
        var fields: [String: [UInt64: Field]] = [:]
        for line in protobufFieldNumbers.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let type = words.first else { continue }
            for word in words.dropFirst() {
                let sides = word.split(separator: "=")
                guard sides.count == 2, let number = UInt64(sides[1]) else { continue }
                let isInline = sides[0].hasPrefix("+")
                fields[String(type), default: [:]][number] = Field(
                    name: String(isInline ? sides[0].dropFirst() : sides[0]), isInline: isInline)
            }
        }
        return fields
    }()

    /// Fields that are pointers in Go: their zero is a value like any other.
    static let optionals: Set<String> = [
        "allocateLoadBalancerNodePorts", "automountServiceAccountToken", "blockOwnerDeletion", "controller",
        "deletionGracePeriodSeconds", "enableServiceLinks", "immutable", "optional", "ready", "replicas",
        "revisionHistoryLimit", "serving", "shareProcessNamespace", "terminating", "terminationGracePeriodSeconds",
        "podSelector", "namespaceSelector", "emptyDir",
    ]
}
