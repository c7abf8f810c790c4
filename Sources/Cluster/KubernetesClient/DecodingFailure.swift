/// A decoding error in one line: the field's path and the reason.
enum DecodingFailure {
    /// `depth` keys at the front belong to the frame around the object, and are left out.
    static func reason(_ error: any Error, below depth: Int = 0) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func path(_ keys: [any CodingKey]) -> String { self.path(Array(keys.dropFirst(depth))) }
        switch error {
        case .typeMismatch(let type, let context):
            return "\(path(context.codingPath)): is not \(word(type))"
        case .valueNotFound(let type, let context):
            return "\(path(context.codingPath)): is null where \(word(type)) is needed"
        case .keyNotFound(let key, let context):
            return "\(path(context.codingPath + [key])): is missing"
        case .dataCorrupted(let context):
            return "\(path(context.codingPath)): \(context.debugDescription)"
        @unknown default:
            return "\(error)"
        }
    }

    static func path(_ keys: [any CodingKey]) -> String {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return text.isEmpty ? "the document" : text
    }

    private static func word(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "a boolean"
        case is any BinaryInteger.Type: "an integer in range"
        case is any BinaryFloatingPoint.Type: "a number"
        case is any Collection.Type: "\(type)".hasPrefix("Dictionary") ? "an object" : "a list"
        default: "an object"
        }
    }
}
