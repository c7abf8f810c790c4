import KubernetesModel

/// What a client asks about how its write is to be done.
struct WriteOptions: Sendable {
    enum FieldValidation: String, Sendable {
        case ignore = "Ignore"
        case warn = "Warn"
        case strict = "Strict"
    }

    /// Who writes, for `managedFields`.
    var manager = "unknown"
    var fieldValidation = FieldValidation.warn
    /// Everything is checked and answered, nothing is kept.
    var isDryRun = false
    /// Server-side apply takes fields from their managers.
    var force = false
    var now: Timestamp
}

struct DeleteOptions: Sendable {
    enum Propagation: String, Sendable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    var gracePeriodSeconds: Int64?
    var uid: String?
    var resourceVersion: String?
    var propagation = Propagation.background
    var isDryRun = false
    var now: Timestamp
}

/// What a write would do: the answer, and the change to commit (`nil`: nothing changes).
struct PlannedWrite: Sendable {
    var object: StoredObject
    var change: StoredChange?
    var isCreation = false
    /// The object is gone for good, not merely marked.
    var isRemoval = false
    var warnings: [String] = []
}

/// The part of an object that a request is about.
enum Subresource: String, Sendable {
    case none = ""
    case status
    case scale
    /// Only the namespace controller's: `spec.finalizers`.
    case finalize
}
