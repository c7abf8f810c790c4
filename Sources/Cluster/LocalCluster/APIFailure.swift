package import KubernetesModel

/// A refusal as the Kubernetes API words it: becomes a `metav1.Status` with the HTTP status `code`.
package struct APIFailure: Error, Hashable, Sendable {
    /// HTTP status.
    package var code: Int
    /// `metav1.StatusReason`: "NotFound", "Conflict", "Invalid", …; empty when Kubernetes has no name for it.
    package var reason: String
    package var message: String
    package var details: Details?

    package struct Details: Hashable, Sendable {
        package var name: String
        package var group: String
        /// The kind ("Ingress") in `Invalid`, else the resource ("ingresses"), as the API server has it.
        package var kind: String
        package var causes: [Cause]
        package var retryAfterSeconds: Int?

        package init(
            name: String = "", group: String = "", kind: String = "", causes: [Cause] = [],
            retryAfterSeconds: Int? = nil
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// One thing that is wrong, with the field it is about.
    package struct Cause: Hashable, Sendable {
        /// `metav1.CauseType`: "FieldValueInvalid", "FieldValueRequired", "FieldManagerConflict", …
        package var reason: String
        package var message: String
        package var field: String

        package init(reason: String, message: String, field: String) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    package init(code: Int, reason: String, message: String, details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }
}

extension APIFailure: CustomStringConvertible {
    package var description: String { "\(code) \(reason): \(message)" }
}

extension APIFailure {
    package static func badRequest(_ message: String) -> APIFailure {
        APIFailure(code: 400, reason: "BadRequest", message: message)
    }

    package static func notFound(_ resource: ResourceKind, name: String) -> APIFailure {
        APIFailure(
            code: 404, reason: "NotFound", message: "\(resource) \"\(name)\" not found",
            details: Details(name: name, group: resource.group, kind: resource.plural))
    }

    package static func alreadyExists(_ resource: ResourceKind, name: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "AlreadyExists", message: "\(resource) \"\(name)\" already exists",
            details: Details(name: name, group: resource.group, kind: resource.plural))
    }

    package static func conflict(_ resource: ResourceKind, name: String, _ why: String) -> APIFailure {
        APIFailure(
            code: 409, reason: "Conflict", message: "Operation cannot be fulfilled on \(resource) \"\(name)\": \(why)",
            details: Details(name: name, group: resource.group, kind: resource.plural))
    }

    /// 422 with one cause per wrong field.
    package static func invalid(_ resource: ResourceKind, name: String, _ errors: [FieldError]) -> APIFailure {
        let group = resource.group.isEmpty ? "" : ".\(resource.group)"
        let list =
            errors.count == 1
            ? errors[0].description : "[" + errors.map(\.description).joined(separator: ", ") + "]"
        return APIFailure(
            code: 422, reason: "Invalid", message: "\(resource.kind)\(group) \"\(name)\" is invalid: \(list)",
            details: Details(
                name: name, group: resource.group, kind: resource.kind,
                causes: errors.map { Cause(reason: $0.type.rawValue, message: $0.detailed, field: $0.field) }))
    }

    package static func forbidden(_ resource: ResourceKind, name: String, _ why: String) -> APIFailure {
        APIFailure(
            code: 403, reason: "Forbidden", message: "\(resource) \"\(name)\" is forbidden: \(why)",
            details: Details(name: name, group: resource.group, kind: resource.plural))
    }

    package static func expired(_ message: String) -> APIFailure {
        APIFailure(code: 410, reason: "Expired", message: message)
    }

    package static func internalError(_ message: String) -> APIFailure {
        APIFailure(code: 500, reason: "InternalError", message: message)
    }
}

/// One wrong field of an object, worded as `field.Error` of apimachinery: `spec.rules[0].host: Invalid value: "x": why`.
package struct FieldError: Hashable, Sendable, CustomStringConvertible {
    package enum ErrorType: String, Hashable, Sendable {
        case invalid = "FieldValueInvalid"
        case required = "FieldValueRequired"
        case duplicate = "FieldValueDuplicate"
        case notSupported = "FieldValueNotSupported"
        case forbidden = "FieldValueForbidden"
        case notFound = "FieldValueNotFound"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case typeInvalid = "FieldValueTypeInvalid"
        case internalError = "InternalError"
    }

    package var type: ErrorType
    package var field: String
    /// The offending value as it should be printed (strings with quotes); `nil` where the value is not shown.
    package var value: String?
    package var detail: String

    package init(_ type: ErrorType, field: String, value: String? = nil, detail: String) {
        self.type = type
        self.field = field
        self.value = value
        self.detail = detail
    }

    private var title: String {
        switch type {
        case .invalid, .typeInvalid: "Invalid value"
        case .required: "Required value"
        case .duplicate: "Duplicate value"
        case .notSupported: "Unsupported value"
        case .forbidden: "Forbidden"
        case .notFound: "Not found"
        case .tooLong: "Too long"
        case .tooMany: "Too many"
        case .internalError: "Internal error"
        }
    }

    /// The message without the field: `Invalid value: "x": why`.
    package var detailed: String {
        [title, value, detail.isEmpty ? nil : detail].compactMap(\.self).joined(separator: ": ")
    }

    package var description: String { "\(field): \(detailed)" }
}
