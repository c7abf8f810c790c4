import KubernetesModel

/// The refusal that names whose fields an apply would change.
enum ApplyConflict {
    static func failure(_ conflicts: [(manager: String, path: String)]) -> APIFailure {
        APIFailure(
            code: 409, reason: "Conflict", message: message(conflicts),
            details: APIFailure.Details(
                causes: conflicts.map {
                    APIFailure.Cause(
                        reason: "FieldManagerConflict", message: "conflict with \($0.manager)", field: $0.path)
                }))
    }

    private static func message(_ conflicts: [(manager: String, path: String)]) -> String {
        if conflicts.count == 1 {
            return "Apply failed with 1 conflict: conflict with \(conflicts[0].manager): \(conflicts[0].path)"
        }
        var lines: [String] = []
        var last: String?
        for (manager, path) in conflicts {
            if manager != last { lines.append("conflicts with \(manager):") }
            lines.append("- \(path)")
            last = manager
        }
        return "Apply failed with \(conflicts.count) conflicts: " + lines.joined(separator: "\n")
    }
}
