import KubernetesModel
import LocalCluster
import TestSupport
import Testing

/// `x-kubernetes-validations` of custom resources, worded as kube-apiserver words them.
@Suite(.timeLimit(.minutes(2)))
struct ValidationRuleTests {
    private static func definition(_ rules: String = "", specification: String = standard) -> String {
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, kind: Widget}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec: \(specification)
                  status:
                    type: object
                    properties: {phase: {type: string}}
                    x-kubernetes-validations:
                    - {rule: "!has(oldSelf.phase) || oldSelf.phase != 'Done' || self.phase == 'Done'", message: done is done}
        """
    }

    private static let standard = """
        {type: object, properties: {
          low: {type: integer, default: 1}, high: {type: integer}, name: {type: string, x-kubernetes-validations: [{rule: self == oldSelf, message: name may not change}]},
          ports: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: {type: object, required: [name], properties: {name: {type: string}, port: {type: integer, x-kubernetes-validations: [{rule: self >= oldSelf, message: ports only grow}]}}}},
          labels: {type: object, additionalProperties: {type: string, x-kubernetes-validations: [{rule: "!self.startsWith('x')", message: no x}]}},
          size: {x-kubernetes-int-or-string: true}, since: {type: string, format: date-time}, mode: {type: string, maxLength: 4}},
          x-kubernetes-validations: [
            {rule: "!has(self.high) || self.low <= self.high", messageExpression: "'low %d is above high %d'.format([self.low, self.high])", fieldPath: .low},
            {rule: "!has(self.size) || (type(self.size) == int ? self.size > 0 : self.size.endsWith('%'))"},
            {rule: "!has(self.since) || self.since < timestamp('2030-01-01T00:00:00Z')", message: too late, reason: FieldValueForbidden}]}
        """

    private static let path = "/apis/example.com/v1/namespaces/default/widgets"
    private static let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    private static let merge = "application/merge-patch+json"

    private func withWidgets(_ body: @Sendable (APIClient) async throws -> Void) async throws {
        try await withAPI { api, _ in
            let made = try await api.send(
                .post, Self.definitions, bytes: Array(Self.definition().utf8), type: "application/yaml")
            #expect(made.status == 201, "\(made.body)")
            try await body(api)
        }
    }

    private func widget(_ spec: JSONValue) -> JSONValue {
        ["apiVersion": "example.com/v1", "kind": "Widget", "metadata": ["name": "w"], "spec": spec]
    }

    private func causes(_ answer: APIClient.Answer) -> [String] {
        (answer.body[path: "details", "causes"]?.array ?? []).map {
            "\($0["field"]?.string ?? ""): \($0["message"]?.string ?? "")"
        }
    }

    @Test(
        arguments: [
            (["low": 5, "high": 4], "spec.low: Invalid value: \"object\": low 5 is above high 4"),
            (["high": 0], "spec.low: Invalid value: \"object\": low 1 is above high 0"),
            (
                ["size": 0],
                "spec: Invalid value: \"object\": failed rule: !has(self.size) || (type(self.size) == int ? self.size > 0 : self.size.endsWith('%'))"
            ),
            (
                ["size": "5"],
                "spec: Invalid value: \"object\": failed rule: !has(self.size) || (type(self.size) == int ? self.size > 0 : self.size.endsWith('%'))"
            ),
            (["since": "2031-01-01T00:00:00Z"], "spec: Forbidden: too late"),
            (["labels": ["a": "ok", "b": "xo"]], "spec.labels[b]: Invalid value: \"string\": no x"),
        ] as [(JSONValue, String)])
    func `an object that breaks a rule is refused in kube-apiserver's words`(
        spec: JSONValue, cause: String
    ) async throws {
        try await withWidgets { api in
            let refused = try await api.send(.post, Self.path, widget(spec))
            #expect(refused.status == 422)
            #expect(refused.body["reason"] == "Invalid")
            #expect(causes(refused) == [cause])
        }
    }

    @Test func `rules about changes look at what was before, below lists with keys too`() async throws {
        try await withWidgets { api in
            let spec: JSONValue = [
                "name": "a", "ports": [["name": "x", "port": 5], ["name": "y", "port": 6]], "labels": ["k": "v"],
                "size": "5%",
            ]
            #expect(try await api.send(.post, Self.path, widget(spec)).status == 201)
            let renamed = try await api.send(.patch, Self.path + "/w", ["spec": ["name": "b"]], type: Self.merge)
            #expect(causes(renamed) == ["spec.name: Invalid value: \"string\": name may not change"])
            let shrunk = try await api.send(
                .patch, Self.path + "/w", ["spec": ["ports": [["name": "y", "port": 5], ["name": "x", "port": 7]]]],
                type: Self.merge)
            #expect(causes(shrunk) == ["spec.ports[0].port: Invalid value: \"integer\": ports only grow"])
            let grown = try await api.send(
                .patch, Self.path + "/w", ["spec": ["ports": [["name": "z", "port": 1], ["name": "x", "port": 7]]]],
                type: Self.merge)
            #expect(grown.status == 200)
            var applied = widget(["name": "c"])
            applied["metadata"] = ["name": "w"]
            let patch = try await api.send(
                .patch, Self.path + "/w?fieldManager=t&force=true", applied, type: "application/apply-patch+yaml")
            #expect(causes(patch) == ["spec.name: Invalid value: \"string\": name may not change"])
        }
    }

    @Test func `rules hold for the status subresource`() async throws {
        try await withWidgets { api in
            _ = try await api.send(.post, Self.path, widget([:]))
            #expect(
                try await api.send(.patch, Self.path + "/w/status", ["status": ["phase": "Done"]], type: Self.merge)
                    .status == 200)
            let back = try await api.send(
                .patch, Self.path + "/w/status", ["status": ["phase": "New"]], type: Self.merge)
            #expect(back.status == 422)
            #expect(causes(back) == ["status: Invalid value: \"object\": done is done"])
        }
    }

    @Test func `a stricter schema does not lock out what did not change`() async throws {
        try await withWidgets { api in
            _ = try await api.send(.post, Self.path, widget(["mode": "abcd", "low": 7, "high": 9]))
            let stricter = Self.definition().replacing("maxLength: 4", with: "maxLength: 2")
            let changed = try await api.send(
                .patch, Self.definitions + "/widgets.example.com?fieldManager=t&force=true",
                bytes: Array(stricter.utf8),
                type: "application/apply-patch+yaml")
            #expect(changed.status == 200, "\(changed.body)")
            #expect(try await api.send(.patch, Self.path + "/w", ["spec": ["low": 8]], type: Self.merge).status == 200)
            let touched = try await api.send(.patch, Self.path + "/w", ["spec": ["mode": "abce"]], type: Self.merge)
            #expect(touched.status == 422)
            #expect(
                causes(touched).last
                    == "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
            )
        }
    }

    @Test(arguments: [
        (
            "{type: object, properties: {a: {type: string}}, x-kubernetes-validations: [{rule: self.b == ''}]}",
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule",
            "undefined field 'b'"
        ),
        (
            "{type: object, x-kubernetes-validations: [{rule: frobnicate(self)}]}", "x-kubernetes-validations[0].rule",
            "undeclared reference to 'frobnicate'"
        ),
        (
            "{type: object, x-kubernetes-validations: [{rule: '1'}]}", "x-kubernetes-validations[0].rule",
            "must evaluate to bool, but is int"
        ),
        (
            "{type: object, x-kubernetes-validations: [{rule: 'true', messageExpression: '1'}]}",
            "x-kubernetes-validations[0].messageExpression", "must evaluate to string"
        ),
        (
            "{type: object, x-kubernetes-validations: [{message: a}]}", "x-kubernetes-validations[0].rule",
            "rule is not specified"
        ),
        (
            "{type: object, x-kubernetes-validations: [{rule: 'true', reason: Whim}]}",
            "x-kubernetes-validations[0].reason", "supported values"
        ),
        (
            "{type: object, x-kubernetes-validations: [{rule: 'true', fieldPath: .nowhere}]}",
            "x-kubernetes-validations[0].fieldPath", "does not refer to a valid field"
        ),
        (
            "{type: array, items: {type: string, x-kubernetes-validations: [{rule: self == oldSelf}]}}",
            "items.x-kubernetes-validations[0].rule", "oldSelf cannot be used on the uncorrelatable portion"
        ),
        (
            "{type: object, anyOf: [{x-kubernetes-validations: [{rule: 'true'}]}]}",
            "anyOf[0].x-kubernetes-validations", "must be undefined to be structural"
        ),
        (
            "{type: object, properties: {a: {type: string, pattern: '(?=a)'}}}", "properties[a].pattern",
            "must be a regular expression"
        ),
        (
            "{type: object, properties: {a: {type: integer, default: x}}}", "properties[a].default",
            "must be of type integer"
        ),
        ("{type: object, properties: {a: {}}}", "properties[a].type", "must not be empty"),
        ("{type: array}", "items", "must be specified"),
        ("{type: array, uniqueItems: true, items: {type: string}}", "uniqueItems", "quadratic"),
        (
            "{type: array, x-kubernetes-list-type: map, items: {type: object, properties: {}}}",
            "x-kubernetes-list-map-keys", "must not be empty"
        ),
        (
            "{type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}",
            "additionalProperties", "mutual exclusive"
        ),
    ])
    func `a definition that cannot be enforced is refused aloud`(
        specification: String, field: String, why: String
    ) async throws {
        try await withAPI { api, _ in
            let text = Self.definition(specification: specification)
            let refused = try await api.send(.post, Self.definitions, bytes: Array(text.utf8), type: "application/yaml")
            #expect(refused.status == 422)
            #expect(causes(refused).contains { $0.contains(field + ": ") && $0.contains(why) }, "\(causes(refused))")
        }
    }

    @Test func `optional old values let rules see that there was none`() async throws {
        try await withAPI { api, _ in
            let text = Self.definition(
                specification:
                    "{type: object, properties: {a: {type: integer}}, x-kubernetes-validations: [{rule: 'oldSelf.hasValue() || self.a == 1', optionalOldSelf: true, message: begins with 1}]}"
            )
            let made = try await api.send(
                .post, Self.definitions, bytes: Array(text.utf8), type: "application/yaml")
            #expect(made.status == 201)
            let refused = try await api.send(.post, Self.path, widget(["a": 2]))
            #expect(causes(refused) == ["spec: Invalid value: \"object\": begins with 1"])
            let first = try await api.send(.post, Self.path, widget(["a": 1]))
            #expect(first.status == 201)
            let second = try await api.send(.patch, Self.path + "/w", ["spec": ["a": 2]], type: Self.merge)
            #expect(second.status == 200)
        }
    }
}
