import CommonExpressions
import KubernetesModel

/// An entry of `x-kubernetes-validations`, compiled when its definition is applied.
struct ValidationRule: Sendable {
    private let source: String
    private let program: Program
    private let message: String
    private let messageProgram: Program?
    private let reason: FieldError.ErrorType
    /// Below the schema's own place: `.spec.replicas`.
    private let fieldPath: String
    /// A rule that compares with what was there before: a transition rule.
    let usesOld: Bool
    private let isOldOptional: Bool

    /// Reads all rules of a schema, and reports those that this server cannot evaluate.
    static func all(
        _ list: JSONValue?, valueType: ValueType?, schema: JSONValue, field: String, at place: StructuralSchema.Place,
        errors: inout [FieldError]
    ) -> [ValidationRule] {
        // Where they may not stand at all, `StructuralRules` says so.
        guard let list = list?.array, !list.isEmpty, !place.isJunctor else { return [] }
        guard let valueType else {
            errors.append(
                FieldError(.forbidden, field: field, detail: "rules need a schema that says what a value is"))
            return []
        }
        var rules: [ValidationRule] = []
        for (index, item) in list.enumerated() {
            do throws(FieldError) {
                rules.append(
                    try ValidationRule(
                        item, valueType: valueType, schema: schema, field: "\(field)[\(index)]",
                        isCorrelatable: place.isCorrelatable))
            } catch {
                errors.append(error)
            }
        }
        return rules
    }

    private init(
        _ item: JSONValue, valueType: ValueType, schema: JSONValue, field: String, isCorrelatable: Bool
    ) throws(FieldError) {
        source = (item["rule"]?.string ?? "").trimmed
        guard !source.isEmpty else {
            throw FieldError(.required, field: field + ".rule", detail: "rule is not specified")
        }
        isOldOptional = item["optionalOldSelf"]?.bool ?? false
        let variables: [String: ValueType] = [
            "self": valueType, "oldSelf": isOldOptional ? .optional(valueType) : valueType,
        ]
        program = try Self.compile(source, variables, .bool, field: field + ".rule")
        message = (item["message"]?.string ?? "").trimmed
        if message.contains("\n") {
            throw FieldError(
                .invalid, field: field + ".message", value: Findings.quoted(message),
                detail: "message must not contain line breaks")
        }
        if message.isEmpty, source.contains("\n") {
            throw FieldError(
                .required, field: field + ".message", detail: "message must be specified if rule contains line breaks")
        }
        let expression = item["messageExpression"]?.string
        messageProgram = try expression.map { text throws(FieldError) in
            try Self.compile(text, variables, .string, field: field + ".messageExpression")
        }
        usesOld = program.usedVariables.contains("oldSelf") || messageProgram?.usedVariables.contains("oldSelf") == true
        if usesOld, !isCorrelatable {
            throw FieldError(
                .invalid, field: field + ".rule", value: Findings.quoted(source),
                detail: "oldSelf cannot be used on the uncorrelatable portion of the schema")
        }
        if isOldOptional, !usesOld {
            throw FieldError(
                .invalid, field: field + ".optionalOldSelf", value: "true",
                detail: "may not be set if oldSelf is not used in rule")
        }
        reason = try Self.reason(item["reason"]?.string, field: field + ".reason")
        fieldPath = try Self.fieldPath(item["fieldPath"]?.string, schema: schema, field: field + ".fieldPath")
    }

    private static func compile(
        _ text: String, _ variables: [String: ValueType], _ result: ValueType, field: String
    ) throws(FieldError) -> Program {
        do throws(CompileError) {
            return try Program(text, variables: variables, result: result)
        } catch {
            throw FieldError(
                .invalid, field: field, value: Findings.quoted(text), detail: "compilation failed: \(error)")
        }
    }

    private static func reason(_ text: String?, field: String) throws(FieldError) -> FieldError.ErrorType {
        switch text {
        case nil, "FieldValueInvalid": return .invalid
        case "FieldValueForbidden": return .forbidden
        case "FieldValueRequired": return .required
        case "FieldValueDuplicate": return .duplicate
        case let other?:
            let known = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"]
            throw FieldError(
                .notSupported, field: field, value: Findings.quoted(other),
                detail: "supported values: " + known.map(Findings.quoted).joined(separator: ", "))
        }
    }

    /// `.a.b` or `['a']`, which must lead to fields of the schema.
    private static func fieldPath(_ text: String?, schema: JSONValue, field: String) throws(FieldError) -> String {
        guard let text, !text.isEmpty else { return "" }
        func invalid(_ why: String) -> FieldError {
            FieldError(
                .invalid, field: field, value: Findings.quoted(text), detail: "fieldPath must be a valid path: \(why)")
        }
        var rest = text[...]
        var schema = schema
        var path = ""
        while !rest.isEmpty {
            let name: String
            if rest.hasPrefix("['") {
                name = String(rest.dropFirst(2).prefix { $0 != "'" })
                rest = rest.dropFirst(2 + name.count)
                guard rest.hasPrefix("']") else { throw invalid("unexpected end of JSON path") }
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix(".") {
                name = String(rest.dropFirst().prefix { $0 != "." && $0 != "[" })
                rest = rest.dropFirst(1 + name.count)
            } else {
                throw invalid("expected [ or . but got: \(rest.prefix(16))")
            }
            if let member = schema["properties"]?[name] {
                path += ".\(name)"
                schema = member
            } else if let member = schema["additionalProperties"], member.object != nil {
                path += "[\(name)]"
                schema = member
            } else {
                throw invalid("does not refer to a valid field")
            }
        }
        return path
    }

    // MARK: - Evaluation

    /// A value with what it was before, as rules see them.
    struct Subject {
        var path: String
        var value: Value
        var old: Value?
        /// The word for its type in messages.
        var type: String
    }

    /// The error of a value that breaks the rule; `nil` if it does not, or if the rule is about changes and there was
    /// nothing before.
    func error(of subject: Subject, budget: inout UInt64) -> FieldError? {
        var variables = ["self": subject.value]
        if isOldOptional {
            variables["oldSelf"] = .optional(subject.old)
        } else if usesOld {
            guard let old = subject.old else { return nil }
            variables["oldSelf"] = old
        }
        do throws(EvaluationError) {
            if try program.evaluate(variables, budget: &budget) == .bool(true) { return nil }
        } catch {
            return invalid(subject, unevaluated(error))
        }
        let path = subject.path + fieldPath
        return FieldError(
            reason, field: path.isEmpty ? "<nil>" : path.hasPrefix(".") ? String(path.dropFirst()) : path,
            value: [.invalid, .duplicate].contains(reason) ? "\"\(subject.type)\"" : nil,
            detail: reason == .duplicate ? "" : text(variables, budget: &budget))
    }

    private func invalid(_ subject: Subject, _ detail: String) -> FieldError {
        FieldError(
            .invalid, field: subject.path.isEmpty ? "<nil>" : subject.path, value: "\"\(subject.type)\"", detail: detail
        )
    }

    /// The words of kube-apiserver.
    private func unevaluated(_ error: EvaluationError) -> String {
        let rule = message.isEmpty ? source : message
        if error.description.hasPrefix("no such overload") {
            return
                "'\(error)': call arguments did not match a supported operator, function or macro signature for rule: "
                + rule
        }
        if error.isOverLimit {
            return
                "'\(error)': no further validation rules will be run due to call cost exceeds limit for rule: \(rule)"
        }
        return "\(error) evaluating rule: \(rule)"
    }

    private func text(_ variables: [String: Value], budget: inout UInt64) -> String {
        // A message that cannot be made is replaced by the fixed one.
        if let messageProgram, case .string(let made)? = try? messageProgram.evaluate(variables, budget: &budget),
            !made.trimmed.isEmpty, !made.contains("\n"), made.utf8.count <= 5120
        {
            return made.trimmed
        }
        return message.isEmpty ? "failed rule: \(source)" : message
    }
}

extension FieldError: Error {}

extension String {
    fileprivate var trimmed: String {
        let isSpace: (Character) -> Bool = \.isWhitespace
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
