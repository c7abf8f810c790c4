import TrafficPlan

/// A path of an Ingress rule, as what it matches.
enum PathRule {
    enum Outcome: Hashable {
        case match(RouteMatch.Path)
        /// No such path can be asked for; nothing is served for it.
        case invalid(Diagnostic.Reason, String)
        /// An expression that cannot be read: requests below its literal beginning get an error answer.
        case unreadable(String, below: RouteMatch.Path)
    }

    static let maxLength = 4096

    /// Characters that make an `ImplementationSpecific` path a regular expression. The dot is none of them: `/v1.0` is
    /// an ordinary path, and as an expression it would match nothing else that anyone asks for.
    static let metacharacters = Set("*+?()[]{}|^$\\".unicodeScalars)

    /// Reads `path` of `pathType`; no type reads as `ImplementationSpecific`, as it did before v1.
    static func read(_ path: String?, type: String?) -> Outcome {
        let path = path ?? ""
        guard path.utf8.count <= maxLength else { return .invalid(.tooLarge, "the path is longer than \(maxLength)") }
        switch type {
        case "Exact": return literal(path) { .exact($0) }
        case "Prefix": return literal(path) { .prefix(withoutTrailingSlash($0)) }
        case "ImplementationSpecific", nil: return implementationSpecific(path)
        case .some(let type):
            return .invalid(
                .unsupportedPathType, "\"\(type.clipped)\" is none of Exact, Prefix, ImplementationSpecific")
        }
    }

    private static func implementationSpecific(_ path: String) -> Outcome {
        // `/foo/*` is how several other controllers spell the prefix `/foo`.
        if path.hasSuffix("/*"), !path.dropLast().unicodeScalars.contains(where: metacharacters.contains) {
            return literal(String(path.dropLast())) { .prefix(withoutTrailingSlash($0)) }
        }
        guard let first = path.unicodeScalars.firstIndex(where: metacharacters.contains) else {
            return literal(path) { .prefix(withoutTrailingSlash($0)) }
        }
        guard path.hasPrefix("/") || path.hasPrefix("^/") else {
            return .invalid(.invalidPath, "\"\(path.clipped)\" does not begin with a slash")
        }
        do throws(PathPattern.Failure) {
            _ = try PathPattern(path)
            return .match(.regex(path))
        } catch {
            return .unreadable(error.description, below: literalBeginning(of: path, to: first))
        }
    }

    private static func literal(_ path: String, as match: (String) -> RouteMatch.Path) -> Outcome {
        // Only the type may be given; then the path is the root.
        let path = path.isEmpty ? "/" : path
        do throws(PathNormalization.Failure) {
            return .match(match(try PathNormalization.normalize(rulePath: path)))
        } catch {
            let fault =
                switch error {
                case .notAbsolute: "does not begin with a slash"
                case .fragment: "has a ? or #, which no path has"
                case .illegalCharacter: "has a control character"
                case .escapedNull: "has an escaped NUL"
                }
            return .invalid(.invalidPath, "\"\(path.clipped)\" \(fault)")
        }
    }

    private static func withoutTrailingSlash(_ path: String) -> String {
        var path = Substring(path)
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    /// The whole path elements before the first metacharacter.
    private static func literalBeginning(of path: String, to end: String.Index) -> RouteMatch.Path {
        let literal = path[..<end]
        let elements = literal.lastIndex(of: "/").map { String(literal[..<$0]) } ?? ""
        let prefix = try? PathNormalization.normalize(rulePath: elements.isEmpty ? "/" : elements)
        // A beginning that is no path leaves only the root.
        return .prefix(prefix.map(withoutTrailingSlash) ?? "/")
    }
}
