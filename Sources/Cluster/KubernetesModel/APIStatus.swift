/// `metav1.Status`: how an API server says that a request failed.
package struct APIStatus: Codable, Hashable, Sendable {
    /// `Success` or `Failure`.
    package var status: String?
    package var message: String?
    /// A word for machines: `NotFound`, `AlreadyExists`, `Conflict`, `Expired`, `Invalid`, …
    package var reason: String?
    /// The HTTP status code.
    package var code: Int?
    package var details: Details?

    package init(
        status: String? = "Failure", message: String? = nil, reason: String? = nil, code: Int? = nil,
        details: Details? = nil
    ) {
        self.status = status
        self.message = message
        self.reason = reason
        self.code = code
        self.details = details
    }

    package struct Details: Codable, Hashable, Sendable {
        package var name: String?
        package var group: String?
        package var kind: String?
        package var causes: [Cause]?
        package var retryAfterSeconds: Int?

        package init(
            name: String? = nil, group: String? = nil, kind: String? = nil, causes: [Cause]? = nil,
            retryAfterSeconds: Int? = nil
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    package struct Cause: Codable, Hashable, Sendable {
        package var reason: String?
        package var message: String?
        package var field: String?

        package init(reason: String? = nil, message: String? = nil, field: String? = nil) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }
}
