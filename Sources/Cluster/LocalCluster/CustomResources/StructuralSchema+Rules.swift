import CommonExpressions
import KubernetesModel

extension StructuralSchema {
    /// What all rules together may cost for one object, as in Kubernetes (`RuntimeCELCostBudget`).
    static let ruleBudget: UInt64 = 10_000_000

    /// Appends an error for each rule, at every level, that `value` breaks. Rules that do not look at what was before are
    /// not asked about values that did not change (KEP-4008).
    func checkRules(
        _ value: JSONValue, old: JSONValue?, path: String, isRoot: Bool = false, budget: inout UInt64,
        errors: inout [FieldError]
    ) {
        guard hasRules, !value.isNull else { return }
        check(rules, value, old: old, path: path, isRoot: isRoot, budget: &budget, errors: &errors)
        switch value {
        case .object(let members):
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                let before = isAtomicMap ? nil : old?[key]
                if let schema = properties[key] {
                    schema.checkRules(
                        member, old: before, path: path.isEmpty ? key : "\(path).\(key)", budget: &budget,
                        errors: &errors)
                } else {
                    additionalProperties?.checkRules(
                        member, old: before, path: "\(path)[\(key)]", budget: &budget, errors: &errors)
                }
            }
        case .array(let elements):
            let before = oldElements(old)
            for (index, element) in elements.enumerated() {
                items?.checkRules(
                    element, old: before(element), path: "\(path)[\(index)]", budget: &budget, errors: &errors)
            }
        default: break
        }
    }

    private func check(
        _ rules: [ValidationRule], _ value: JSONValue, old: JSONValue?, path: String, isRoot: Bool,
        budget: inout UInt64, errors: inout [FieldError]
    ) {
        let isUnchanged = old == value
        let rules = isUnchanged ? rules.filter(\.usesOld) : rules
        guard !rules.isEmpty else { return }
        let needsOld = rules.contains(where: \.usesOld)
        let subject = ValidationRule.Subject(
            path: path, value: self.value(of: value, isRoot: isRoot),
            old: needsOld ? old.flatMap { $0.isNull ? nil : self.value(of: $0, isRoot: isRoot) } : nil,
            type: type?.rawValue ?? "")
        for rule in rules {
            guard budget > 0 else {
                errors.append(
                    FieldError(
                        .invalid, field: path.isEmpty ? "<nil>" : path, value: "\"\(subject.type)\"",
                        detail: "validation failed due to running out of cost budget, no further validation rules will "
                            + "be run"))
                return
            }
            if let error = rule.error(of: subject, budget: &budget) { errors.append(error) }
        }
    }

    /// Finds what an element of a list of type `map` was before. Elements of other lists cannot be told.
    func oldElements(_ old: JSONValue?) -> (JSONValue) -> JSONValue? {
        guard let keys = constraints.listKeys, let elements = old?.array else { return { _ in nil } }
        func identity(_ element: JSONValue) -> [JSONValue] { keys.map { element[$0] ?? .null } }
        let known = Dictionary(elements.map { (identity($0), $0) }, uniquingKeysWith: { first, _ in first })
        return { known[identity($0)] }
    }
}
