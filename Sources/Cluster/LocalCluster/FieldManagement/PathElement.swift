import KubernetesModel

/// One step of the way to a field, as `fieldsV1` writes it.
enum PathElement: Hashable, Sendable {
    /// `f:name`: a member of an object.
    case field(String)
    /// `k:{"port":80,"protocol":"TCP"}`: an element of a list, by the members that tell elements apart.
    case key([String: JSONValue])
    /// `v:"example.com/finalizer"`: an element of a set.
    case value(JSONValue)
    /// `i:3`: an element by position.
    case index(Int)

    init?(fieldsV1 text: String) {
        let body = String(text.dropFirst(2))
        switch text.prefix(2) {
        case "f:": self = .field(body)
        case "k:":
            guard let members = Self.parse(body)?.object else { return nil }
            self = .key(members)
        case "v:":
            guard let value = Self.parse(body) else { return nil }
            self = .value(value)
        case "i:":
            guard let index = Int(body) else { return nil }
            self = .index(index)
        default: return nil
        }
    }

    private static func parse(_ text: String) -> JSONValue? {
        // What another writer left behind and is no JSON names no field of ours.
        try? JSONValue(parsing: text.utf8)
    }

    /// As `fieldsV1` has it.
    var fieldsV1: String {
        switch self {
        case .field(let name): "f:\(name)"
        case .key(let members): "k:" + CanonicalJSON.text(.object(members))
        case .value(let value): "v:" + CanonicalJSON.text(value)
        case .index(let index): "i:\(index)"
        }
    }
}

extension PathElement: CustomStringConvertible {
    /// As conflicts are printed: `.spec`, `[port=80,protocol="TCP"]`, `[="x"]`.
    var description: String {
        switch self {
        case .field(let name): ".\(name)"
        case .key(let members):
            "["
                + members.sorted { $0.key < $1.key }.map { "\($0.key)=\(CanonicalJSON.text($0.value))" }
                .joined(separator: ",") + "]"
        case .value(let value): "[=\(CanonicalJSON.text(value))]"
        case .index(let index): "[\(index)]"
        }
    }
}

extension PathElement: Comparable {
    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }

    static func < (a: PathElement, b: PathElement) -> Bool {
        switch (a, b) {
        case (.field(let a), .field(let b)): a < b
        case (.index(let a), .index(let b)): a < b
        default: a.rank == b.rank ? a.fieldsV1 < b.fieldsV1 : a.rank < b.rank
        }
    }
}
