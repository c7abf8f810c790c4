import KubernetesModel

/// What all policies have in common: targets and status (GEP-713).
enum PolicySchema {
    static func targets(kinds: [(kind: String, group: String)], _ description: String) -> Schema {
        let groups = kinds.map { "(self.kind == '\($0.kind)' && self.group == '\($0.group)')" }.joined(
            separator: " || ")
        let words = kinds.map { "\($0.kind) (group \"\($0.group)\")" }.joined(separator: ", ")
        var rules = [Schema.Rule(groups, "the kind must be one of \(words)", field: ".kind")]
        let hasSections = kinds.contains { $0.kind == "Service" }
        rules.append(
            hasSections
                ? Schema.Rule(
                    "!has(self.sectionName) || self.kind == 'Service'",
                    "only a Service has sections: its named ports", field: ".sectionName")
                : Schema.Rule("!has(self.sectionName)", "this target has no sections", field: ".sectionName"))
        let target = Schema.object(
            "An object, or a named part of one.", required: ["group", "kind", "name"], rules: rules,
            [
                "group": .string(
                    "The API group of the target; \"\" for a Service.", length: 0...253,
                    pattern: "^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"),
                "kind": .string("The kind of the target: \(words).", length: 1...63),
                "name": .string(
                    "The name of the target, in the policy's own namespace (an IngressClass has none).", length: 1...253
                ),
                "sectionName": .string(
                    "A named part of the target: a port of a Service. Without it the policy is for the whole target.",
                    length: 1...253),
            ])
        return .list(
            description, of: target, 1...16,
            rules: [
                Schema.Rule(
                    "self.all(a, self.exists_one(b, a.group == b.group && a.kind == b.kind && a.name == b.name && "
                        + "(has(a.sectionName) ? a.sectionName : '') == (has(b.sectionName) ? b.sectionName : '')))",
                    "the same target stands twice")
            ])
    }

    static func name(_ description: String) -> Schema {
        .string(description, length: 1...63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    }

    static let status = Schema.object(
        "What became of the policy. Written by Fairway.",
        [
            "ancestors": .list(
                "The objects whose behaviour the policy changes, each with what became of it there.",
                of: .object(
                    "One such object.", required: ["ancestorRef", "controllerName"],
                    [
                        "ancestorRef": reference,
                        "controllerName": .string(
                            "The controller that wrote this entry; others never touch it.", length: 1...253),
                        "conditions": .list(
                            "Accepted, ResolvedRefs, Programmed, and where they hold Conflicted and Overridden.",
                            of: condition, 0...8, keys: ["type"]),
                    ]), 0...16)
        ])

    private static let reference = Schema.object(
        "Which object.", required: ["name"],
        [
            "group": .string("Its API group.", length: 0...253), "kind": .string("Its kind.", length: 1...63),
            "namespace": .string("Its namespace; absent where it has none.", length: 1...63),
            "name": .string("Its name.", length: 1...253),
            "sectionName": .string("The part of it that is meant.", length: 1...253),
        ])

    private static let condition = Schema.object(
        "One aspect of the policy's state.", required: ["type", "status", "lastTransitionTime", "reason", "message"],
        [
            "type": .string("What is said.", length: 1...316),
            "status": .string("Whether it holds.", one: ["True", "False", "Unknown"]),
            "reason": .string("Why, in a word for programs.", length: 1...1024),
            "message": .string("Why, in words for people.", length: 0...32_768),
            "observedGeneration": .integer("The generation of the policy that this is about.", 0...Int64.max),
            "lastTransitionTime": time,
        ])

    private static let time: Schema = {
        var schema = Schema.string("When the status last changed.")
        schema.document["format"] = "date-time"
        return schema
    }()
}
