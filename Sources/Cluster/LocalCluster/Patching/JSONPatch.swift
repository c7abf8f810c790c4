import KubernetesModel

/// RFC 6902.
enum JSONPatch {
    /// As many as the real server takes.
    static let maximumOperations = 10_000
    /// `copy` can double a document each time; the real server bounds the bytes copied, this one the values.
    static let maximumCopiedValues = 100_000

    static func apply(_ patch: JSONValue, to object: JSONValue) throws(APIFailure) -> JSONValue {
        guard case .array(let operations) = patch else {
            throw .badRequest("a JSON patch must be an array of operations")
        }
        guard operations.count <= maximumOperations else {
            throw APIFailure(
                code: 413, reason: "RequestEntityTooLarge",
                message: "Request entity too large: The allowed maximum operations in a JSON patch is "
                    + "\(maximumOperations), got \(operations.count)")
        }
        var document = object
        var copied = 0
        for operation in operations {
            try apply(Operation(operation), to: &document, copied: &copied)
        }
        return document
    }

    struct Operation {
        enum Verb: String {
            case add, remove, replace, move, copy, test
        }

        var verb: Verb
        var path: JSONPointer
        var pathText: String
        var from: JSONPointer?
        var value: JSONValue

        init(_ json: JSONValue) throws(APIFailure) {
            guard let name = json["op"]?.string, let verb = Verb(rawValue: name) else {
                throw JSONPatch.failed("Unexpected kind: \(json["op"]?.string ?? "unknown")")
            }
            guard let text = json["path"]?.string, let path = JSONPointer(text) else {
                throw JSONPatch.failed("\(name) operation: invalid path \"\(json["path"]?.string ?? "")\"")
            }
            self.verb = verb
            self.path = path
            pathText = text
            from = json["from"]?.string.flatMap(JSONPointer.init)
            value = json["value"] ?? .null
            if verb == .move || verb == .copy, from == nil {
                throw JSONPatch.failed("\(name) operation does not apply: from is missing or no path")
            }
            if verb == .add || verb == .replace, json["value"] == nil {
                throw JSONPatch.failed("\(name) operation: value is missing")
            }
        }
    }

    private static func apply(
        _ operation: Operation, to document: inout JSONValue, copied: inout Int
    ) throws(APIFailure) {
        switch operation.verb {
        case .add:
            try add(operation.value, at: operation, in: &document)
        case .remove:
            try remove(operation.path, operation, in: &document)
        case .replace:
            guard operation.path.value(in: document) != nil else { throw missing(operation) }
            try edit(&document, operation.path.tokens[...], operation) { _ in operation.value }
        case .move, .copy:
            guard let from = operation.from, let value = from.value(in: document) else { throw missing(operation) }
            if operation.verb == .move {
                guard !from.isProperPrefix(of: operation.path) else { throw missing(operation) }
                try remove(from, operation, in: &document)
            } else {
                copied += size(value)
                guard copied <= maximumCopiedValues else { throw failed("copies of the patch are too large") }
            }
            try add(value, at: operation, in: &document)
        case .test:
            guard (operation.path.value(in: document) ?? .null) == operation.value else {
                throw failed("testing value \(operation.pathText) failed: test failed")
            }
        }
    }

    private static func add(
        _ value: JSONValue, at operation: Operation, in document: inout JSONValue
    ) throws(APIFailure) {
        guard let last = operation.path.tokens.last else {
            document = value
            return
        }
        try edit(&document, operation.path.tokens.dropLast(), operation) { parent throws(APIFailure) in
            switch parent {
            case .object(var members):
                members[last] = value
                return .object(members)
            case .array(var elements):
                guard let index = insertionIndex(last, in: elements) else { throw missing(operation) }
                elements.insert(value, at: index)
                return .array(elements)
            default: throw missing(operation)
            }
        }
    }

    private static func remove(
        _ path: JSONPointer, _ operation: Operation, in document: inout JSONValue
    ) throws(APIFailure) {
        guard let last = path.tokens.last else {
            document = .null
            return
        }
        try edit(&document, path.tokens.dropLast(), operation) { parent throws(APIFailure) in
            switch parent {
            case .object(var members):
                guard members.removeValue(forKey: last) != nil else { throw missing(operation) }
                return .object(members)
            case .array(var elements):
                guard let index = JSONPointer.index(last, in: elements) else { throw missing(operation) }
                elements.remove(at: index)
                return .array(elements)
            default: throw missing(operation)
            }
        }
    }

    /// Replaces what stands at `tokens`, which must exist.
    private static func edit(
        _ value: inout JSONValue, _ tokens: ArraySlice<String>, _ operation: Operation,
        _ change: (JSONValue) throws(APIFailure) -> JSONValue
    ) throws(APIFailure) {
        guard let token = tokens.first else {
            value = try change(value)
            return
        }
        switch value {
        case .object(var members):
            guard var member = members[token] else { throw missing(operation) }
            try edit(&member, tokens.dropFirst(), operation, change)
            members[token] = member
            value = .object(members)
        case .array(var elements):
            guard let index = JSONPointer.index(token, in: elements) else { throw missing(operation) }
            try edit(&elements[index], tokens.dropFirst(), operation, change)
            value = .array(elements)
        default: throw missing(operation)
        }
    }

    private static func insertionIndex(_ token: String, in elements: [JSONValue]) -> Int? {
        if token == "-" { return elements.count }
        guard let number = Int(token), String(number) == token else { return nil }
        let index = number < 0 ? number + elements.count + 1 : number
        return (0...elements.count).contains(index) ? index : nil
    }

    private static func size(_ value: JSONValue) -> Int {
        switch value {
        case .array(let elements): elements.reduce(1) { $0 + size($1) }
        case .object(let members): members.values.reduce(1) { $0 + size($1) }
        default: 1
        }
    }

    private static func missing(_ operation: Operation) -> APIFailure {
        failed("\(operation.verb.rawValue) operation does not apply: doc is missing path: \(operation.pathText)")
    }

    static func failed(_ why: String) -> APIFailure {
        APIFailure(
            code: 422, reason: "Invalid",
            message: "the server rejected our request due to an error in our request: \(why)")
    }
}
