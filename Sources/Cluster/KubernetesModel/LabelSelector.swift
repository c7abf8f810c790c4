/// `metav1.LabelSelector`. The empty selector matches every object.
package struct LabelSelector: Codable, Hashable, Sendable {
    package var matchLabels: [String: String]?
    package var matchExpressions: [Requirement]?

    package init(matchLabels: [String: String]? = nil, matchExpressions: [Requirement]? = nil) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }

    package struct Requirement: Codable, Hashable, Sendable {
        package var key: String
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`; any other word matches nothing.
        package var `operator`: String
        package var values: [String]?

        package init(key: String, operator: String, values: [String]? = nil) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }
    }

    package func matches(_ labels: [String: String]?) -> Bool {
        let labels = labels ?? [:]
        return (matchLabels ?? [:]).allSatisfy { labels[$0.key] == $0.value }
            && (matchExpressions ?? []).allSatisfy { $0.matches(labels) }
    }
}

extension LabelSelector.Requirement {
    package func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        return switch `operator` {
        case "In": value.map { (values ?? []).contains($0) } ?? false
        // An absent label is not in any set.
        case "NotIn": value.map { !(values ?? []).contains($0) } ?? true
        case "Exists": value != nil
        case "DoesNotExist": value == nil
        default: false
        }
    }
}

extension LabelSelector: CustomStringConvertible {
    /// As `labelSelector` stands in a request's query: `app=web,tier in (a,b),!old`.
    package var description: String {
        let equal = (matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let rest = (matchExpressions ?? []).map { requirement in
            let values = (requirement.values ?? []).joined(separator: ",")
            return switch requirement.operator {
            case "NotIn": "\(requirement.key) notin (\(values))"
            case "Exists": requirement.key
            case "DoesNotExist": "!\(requirement.key)"
            default: "\(requirement.key) in (\(values))"
            }
        }
        return (equal + rest).joined(separator: ",")
    }
}
