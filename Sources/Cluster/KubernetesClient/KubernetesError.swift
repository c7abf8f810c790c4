package import KubernetesModel

/// Why a request to the API server, or the way to it, failed. One line that says what was attempted on what.
package struct KubernetesError: Error, Sendable {
    package var code: Code
    /// What was attempted: `list`, `watch`, `apply`, `read kubeconfig`, …
    package var operation: String
    /// On what: `ingresses.networking.k8s.io default/web`, or a file.
    package var subject: String
    package var message: String
    /// The server's own words, where it sent any.
    package var status: APIStatus?
    /// The server's wish (`Retry-After`), which a retry must respect.
    package var retryAfter: Duration?
    package var cause: (any Error)?

    package init(
        _ code: Code, operation: String, subject: String, message: String, status: APIStatus? = nil,
        retryAfter: Duration? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.message = message
        self.status = status
        self.retryAfter = retryAfter
        self.cause = cause
    }

    /// The same request may succeed later without anybody changing anything.
    package var isRetryable: Bool {
        [.conflict, .expired, .tooManyRequests, .timeout, .unavailable, .transport].contains(code)
    }
}

extension KubernetesError {
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case notFound, alreadyExists, conflict, expired, unauthorized, forbidden, invalid, tooManyRequests
            case timeout, unavailable, transport, credentials, configuration, undecodable, cancelled, unexpected
        }

        private var value: Value
        private init(_ value: Value) { self.value = value }

        package static let notFound = Code(.notFound)
        package static let alreadyExists = Code(.alreadyExists)
        /// 409: the object has changed since it was read, or another manager owns the field.
        package static let conflict = Code(.conflict)
        /// 410: the resource version or the page token is older than the server remembers.
        package static let expired = Code(.expired)
        package static let unauthorized = Code(.unauthorized)
        package static let forbidden = Code(.forbidden)
        /// 400, 413, 415, 422: the request itself is wrong.
        package static let invalid = Code(.invalid)
        package static let tooManyRequests = Code(.tooManyRequests)
        package static let timeout = Code(.timeout)
        /// 5xx.
        package static let unavailable = Code(.unavailable)
        /// No answer: name resolution, connection, TLS, or a connection that broke.
        package static let transport = Code(.transport)
        /// A token, certificate, key or plugin could not be read or used.
        package static let credentials = Code(.credentials)
        /// A kubeconfig is missing, malformed or asks for something unsupported.
        package static let configuration = Code(.configuration)
        /// The server's answer is not what the API promises.
        package static let undecodable = Code(.undecodable)
        package static let cancelled = Code(.cancelled)
        package static let unexpected = Code(.unexpected)

        package var description: String { value.rawValue }
    }

    package var isNotFound: Bool { code == .notFound }
    package var isConflict: Bool { code == .conflict }
    package var isExpired: Bool { code == .expired }
    package var isCancelled: Bool { code == .cancelled }
}

extension KubernetesError: CustomStringConvertible {
    package var description: String { "cannot \(operation) \(subject): \(message)" }
}

extension KubernetesError.Code {
    /// From a `metav1.Status` reason where there is one (409 has two meanings), else from the HTTP status.
    init(httpStatus: Int, reason: String?) {
        switch (httpStatus, reason) {
        case (_, "AlreadyExists"): self = .alreadyExists
        case (404, _): self = .notFound
        case (409, _): self = .conflict
        case (410, _), (_, "Expired"), (_, "Gone"): self = .expired
        case (401, _): self = .unauthorized
        case (403, _): self = .forbidden
        case (429, _): self = .tooManyRequests
        case (408, _), (504, _): self = .timeout
        case (400..<500, _): self = .invalid
        case (500..., _): self = .unavailable
        default: self = .unexpected
        }
    }
}
