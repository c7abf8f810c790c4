import KubernetesModel

/// A field selector as URLs carry it: `metadata.name=web,status.phase!=Running`.
struct FieldRequirements: Hashable, Sendable {
    struct Requirement: Hashable, Sendable {
        var path: String
        var value: String
        var isNegated: Bool
    }

    var requirements: [Requirement] = []

    var isEmpty: Bool { requirements.isEmpty }

    func matches(_ object: StoredObject) -> Bool {
        requirements.allSatisfy { requirement in
            let actual =
                switch requirement.path {
                case "metadata.name": object.name.name
                case "metadata.namespace": object.name.namespace
                default: object.fields[requirement.path] ?? ""
                }
            return (actual == requirement.value) != requirement.isNegated
        }
    }
}

extension FieldRequirements {
    /// Refuses fields by which objects of this kind cannot be selected.
    init(parsing text: String, for resource: APIResource) throws(APIFailure) {
        guard text.utf8.count <= 16_384 else { throw .badRequest("the field selector is longer than 16 KiB") }
        for term in Self.terms(of: text) where !term.isEmpty {
            guard let requirement = Self.requirement(term) else {
                throw .badRequest("invalid selector: '\(text)'; can't understand '\(term)'")
            }
            let known = ["metadata.name", "metadata.namespace"]
            guard known.contains(requirement.path) || resource.selectableFields[requirement.path] != nil else {
                throw .badRequest(
                    "Unable to find \"\(resource.resource)\" that match label selector \"\", field selector "
                        + "\"\(text)\": field label not supported: \(requirement.path)")
            }
            requirements.append(requirement)
        }
    }

    /// Splits at commas that are not escaped.
    private static func terms(of text: String) -> [String] {
        var terms = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                terms[terms.count - 1].append("\\")
                terms[terms.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                terms.append("")
            } else {
                terms[terms.count - 1].append(character)
            }
        }
        return terms
    }

    private static func requirement(_ term: String) -> Requirement? {
        for (operation, isNegated) in [("!=", true), ("==", false), ("=", false)] {
            guard let range = term.firstRange(of: operation) else { continue }
            return Requirement(
                path: String(term[..<range.lowerBound]), value: unescaped(term[range.upperBound...]),
                isNegated: isNegated)
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }
}
