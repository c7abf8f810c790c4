import KubernetesModel
import Patterns

extension StructuralSchema {
    /// Appends an error for each way in which `value` is not what the schema says. What did not change from `old` is
    /// not looked at again, so that a schema may become stricter (KEP-4008).
    func validate(
        _ value: JSONValue, old: JSONValue? = nil, path: String, isRoot: Bool = false, errors: inout [FieldError]
    ) {
        if let old, old == value { return }
        if value.isNull {
            if !isNullable, type != nil {
                errors.append(error(.typeInvalid, path, value, "must be of type \(type?.rawValue ?? ""): \"null\""))
            }
            return
        }
        guard hasRightType(value) else {
            let expected = isIntOrString ? "integer or string" : type?.rawValue ?? ""
            errors.append(error(.typeInvalid, path, value, "\(path) in body must be of type \(expected)"))
            return
        }
        if let allowed = constraints.allowed, !allowed.contains(value) {
            let list = allowed.map(\.quoted).joined(separator: ", ")
            errors.append(error(.notSupported, path, value, "supported values: \(list)"))
        }
        switch value {
        case .object(let members): validate(members, old: old, path: path, isRoot: isRoot, errors: &errors)
        case .array(let elements): validate(elements, old: old, path: path, errors: &errors)
        case .string(let text): validate(text, path: path, errors: &errors)
        case .integer, .double: validate(number: value, path: path, errors: &errors)
        default: break
        }
        validateCombinations(value, path: path, errors: &errors)
    }

    private func hasRightType(_ value: JSONValue) -> Bool {
        if isIntOrString { return value.string != nil || value.integer != nil }
        switch (type, value) {
        case (nil, _), (.object, .object), (.array, .array), (.string, .string), (.boolean, .bool),
            (.integer, .integer), (.number, .integer), (.number, .double):
            return true
        case (.integer, .double(let number)): return number.rounded() == number
        default: return false
        }
    }

    private func error(_ type: FieldError.ErrorType, _ path: String, _ value: JSONValue, _ detail: String) -> FieldError
    {
        FieldError(type, field: path.isEmpty ? "<nil>" : path, value: value.quoted, detail: detail)
    }

    private func validate(
        _ members: [String: JSONValue], old: JSONValue?, path: String, isRoot: Bool, errors: inout [FieldError]
    ) {
        func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        for key in constraints.required where members[key] == nil {
            errors.append(FieldError(.required, field: child(key), detail: ""))
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            if isRoot, key == "metadata" { continue }
            let schema = properties[key] ?? additionalProperties
            schema?.validate(value, old: isAtomicMap ? nil : old?[key], path: child(key), errors: &errors)
        }
        if let range = constraints.memberCounts, !range.contains(Int64(members.count)) {
            errors.append(error(.invalid, path, .object(members), "must have \(range.words("properties"))"))
        }
    }

    private func validate(
        _ elements: [JSONValue], old: JSONValue?, path: String, errors: inout [FieldError]
    ) {
        if let range = constraints.counts, !range.contains(Int64(elements.count)) {
            let type: FieldError.ErrorType = Int64(elements.count) > range.upperBound ? .tooMany : .invalid
            errors.append(
                FieldError(type, field: path, value: "\(elements.count)", detail: "must have \(range.words("items"))"))
        }
        let before = oldElements(old)
        for (index, element) in elements.enumerated() {
            items?.validate(element, old: before(element), path: "\(path)[\(index)]", errors: &errors)
        }
        guard constraints.isSet || constraints.listKeys != nil else { return }
        var seen: Set<JSONValue> = []
        for (index, element) in elements.enumerated() {
            let identity = constraints.listKeys.map { keys in JSONValue.array(keys.map { element[$0] ?? .null }) }
            if !seen.insert(identity ?? element).inserted {
                errors.append(FieldError(.duplicate, field: "\(path)[\(index)]", value: element.quoted, detail: ""))
            }
        }
    }

    private func validate(_ text: String, path: String, errors: inout [FieldError]) {
        if let range = constraints.lengths, !range.contains(Int64(text.unicodeScalars.count)) {
            let type: FieldError.ErrorType = Int64(text.unicodeScalars.count) > range.upperBound ? .tooLong : .invalid
            errors.append(error(type, path, .string(text), "must have \(range.words("characters"))"))
        }
        if let pattern = constraints.pattern, !pattern.expression.isFound(in: text) {
            errors.append(
                error(.invalid, path, .string(text), "\(path) in body should match '\(pattern.text)'"))
        }
        if let format = constraints.format, !SchemaFormat.accepts(text, format) {
            errors.append(
                error(
                    .invalid, path, .string(text), "\(path) in body must be of type \(format): \(Findings.quoted(text))"
                ))
        }
    }

    private func validate(number value: JSONValue, path: String, errors: inout [FieldError]) {
        guard let number = value.number else { return }
        if constraints.format == "int32", Int32(exactly: number) == nil {
            errors.append(error(.invalid, path, value, "\(path) in body must be of type int32"))
        }
        if let minimum = constraints.minimum,
            number < minimum || (constraints.isMinimumExclusive && number == minimum)
        {
            let word = constraints.isMinimumExclusive ? "greater than" : "greater than or equal to"
            errors.append(error(.invalid, path, value, "\(path) in body should be \(word) \(minimum.short)"))
        }
        if let maximum = constraints.maximum,
            number > maximum || (constraints.isMaximumExclusive && number == maximum)
        {
            let word = constraints.isMaximumExclusive ? "less than" : "less than or equal to"
            errors.append(error(.invalid, path, value, "\(path) in body should be \(word) \(maximum.short)"))
        }
        if let step = constraints.multipleOf, step > 0, (number / step).rounded() * step != number {
            errors.append(error(.invalid, path, value, "\(path) in body should be a multiple of \(step.short)"))
        }
    }

    private func validateCombinations(_ value: JSONValue, path: String, errors: inout [FieldError]) {
        for schema in allOf { schema.validate(value, path: path, errors: &errors) }
        if !anyOf.isEmpty, !anyOf.contains(where: { $0.accepts(value) }) {
            errors.append(error(.invalid, path, value, "must validate at least one schema (anyOf)"))
        }
        if !oneOf.isEmpty, oneOf.count(where: { $0.accepts(value) }) != 1 {
            errors.append(error(.invalid, path, value, "must validate one and only one schema (oneOf)"))
        }
        if let not, not.accepts(value) {
            errors.append(error(.invalid, path, value, "must not validate the schema (not)"))
        }
    }

    private func accepts(_ value: JSONValue) -> Bool {
        var errors: [FieldError] = []
        validate(value, path: "", errors: &errors)
        return errors.isEmpty
    }
}

extension ClosedRange<Int64> {
    fileprivate func words(_ noun: String) -> String {
        if upperBound == .max { return "at least \(lowerBound) \(noun)" }
        return lowerBound == 0 ? "at most \(upperBound) \(noun)" : "\(lowerBound) to \(upperBound) \(noun)"
    }
}

extension Double {
    fileprivate var short: String { Int64(exactly: self).map(String.init) ?? description }
}
