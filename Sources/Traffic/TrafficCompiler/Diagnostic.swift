package import TrafficPlan

/// Something about an object that its owner should know.
package struct Diagnostic: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// Served, though perhaps not as meant.
        case warning
        /// Not served, or answered with an error.
        case error
    }

    /// The object and the field at fault.
    package var origin: Origin
    package var severity: Severity
    /// In CamelCase, for an Event's `reason`.
    package var reason: String
    package var message: String

    package init(_ severity: Severity, _ reason: Reason, at origin: Origin, _ message: String) {
        self.origin = origin
        self.severity = severity
        self.reason = reason.rawValue
        self.message = message
    }

    package enum Reason: String, Hashable, Sendable {
        case ambiguousClass = "AmbiguousClass"
        case backendRefused = "BackendRefused"
        case certificateChain = "CertificateChain"
        case certificateConflict = "CertificateConflict"
        case certificateExpired = "CertificateExpired"
        case certificateNameMismatch = "CertificateNameMismatch"
        case certificateNotYetValid = "CertificateNotYetValid"
        case defaultBackendConflict = "DefaultBackendConflict"
        case duplicatePath = "DuplicatePath"
        case invalidAnnotation = "InvalidAnnotation"
        case invalidBackend = "InvalidBackend"
        case invalidCertificate = "InvalidCertificate"
        case invalidEndpoint = "InvalidEndpoint"
        case invalidHost = "InvalidHost"
        case invalidLimit = "InvalidLimit"
        case invalidPath = "InvalidPath"
        case invalidPolicy = "InvalidPolicy"
        case invalidRegex = "InvalidRegex"
        case noPaths = "NoPaths"
        case pathConflict = "PathConflict"
        case policyConflict = "PolicyConflict"
        case policyTarget = "PolicyTarget"
        case redirectConflict = "RedirectConflict"
        case secretNotFound = "SecretNotFound"
        case serviceNotFound = "ServiceNotFound"
        case servicePortNotFound = "ServicePortNotFound"
        case tooLarge = "TooLarge"
        case unknownAnnotation = "UnknownAnnotation"
        case unknownAppProtocol = "UnknownAppProtocol"
        case unsupportedBackend = "UnsupportedBackend"
        case unsupportedPathType = "UnsupportedPathType"
    }
}

extension Diagnostic: Comparable {
    /// Errors first, then by origin: the order in which they are told.
    package static func < (a: Diagnostic, b: Diagnostic) -> Bool {
        if a.severity != b.severity { return a.severity == .error }
        return (a.origin.description, a.reason, a.message) < (b.origin.description, b.reason, b.message)
    }
}

extension Diagnostic: CustomStringConvertible {
    package var description: String { "\(severity.rawValue) \(reason): \(origin): \(message)" }
}

extension Origin {
    func at(_ field: String) -> Origin {
        var origin = self
        origin.field = field
        return origin
    }
}
