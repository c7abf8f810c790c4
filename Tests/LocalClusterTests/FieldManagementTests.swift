import KubernetesModel
import TestSupport
import Testing

@testable import LocalCluster

private let now = Timestamp(secondsSinceEpoch: 1_800_000_000)
private let later = Timestamp(secondsSinceEpoch: 1_800_000_060)

private func applied(
    _ old: JSONValue?, _ configuration: String, by manager: String = "kubectl", force: Bool = false,
    subresource: String = "", kind: ResourceKind = Kinds.service, at time: Timestamp = now, schema: JSONValue? = nil
) throws -> JSONValue {
    var object = try json(configuration)
    object["apiVersion"] = .string(kind.apiVersion)
    object["kind"] = .string(kind.kind)
    return try FieldManager.applied(
        old: old, configuration: object, manager: manager, force: force, subresource: subresource, now: time,
        resource: kind, node: schema.map(OpenAPISchema.node))
}

private func updated(
    _ old: JSONValue?, _ new: String, by manager: String = "curl", kind: ResourceKind = Kinds.service,
    at time: Timestamp = now
) throws -> JSONValue {
    var object = try json(new)
    object["apiVersion"] = .string(kind.apiVersion)
    object["kind"] = .string(kind.kind)
    return FieldManager.updated(
        old: old, new: object, manager: manager, subresource: "", apiVersion: kind.apiVersion, now: time)
}

private func fields(_ object: JSONValue, of manager: String) -> String? {
    object["metadata"]?["managedFields"]?.array?.first { $0["manager"] == .string(manager) }?["fieldsV1"]?.text
}

private func time(_ object: JSONValue, of manager: String) -> String? {
    object["metadata"]?["managedFields"]?.array?.first { $0["manager"] == .string(manager) }?["time"]?.string
}

@Suite struct UpdateOwnershipTests {
    @Test func `a created Service is owned as the real server writes it down`() throws {
        let object = try updated(
            nil,
            #"{"metadata":{"name":"s","uid":"u","labels":{"a":"1"}},"spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":80}],"selector":{"app":"x"},"type":"ClusterIP"}}"#
        )
        #expect(
            fields(object, of: "curl")
                == #"{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:selector":{},"f:type":{}}}"#
        )
        let entry = object["metadata"]?["managedFields"]?.array?.first
        #expect(entry?["operation"] == "Update")
        #expect(entry?["fieldsType"] == "FieldsV1")
        #expect(entry?["time"]?.string == now.description)
    }

    @Test func `a created Ingress owns its rules as one`() throws {
        let object = try updated(
            nil, #"{"spec":{"rules":[{"host":"a"}],"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}"#,
            kind: Kinds.ingress)
        #expect(
            fields(object, of: "curl")
                == #"{"f:spec":{"f:defaultBackend":{".":{},"f:service":{".":{},"f:name":{},"f:port":{}}},"f:rules":{}}}"#
        )
    }

    @Test func `the time moves only with the set of fields`() throws {
        let first = try updated(nil, #"{"spec":{"type":"ClusterIP"}}"#)
        let same = try updated(first, #"{"spec":{"type":"NodePort"}}"#, at: later)
        #expect(time(same, of: "curl") == now.description)
        let more = try updated(same, #"{"spec":{"type":"NodePort","sessionAffinity":"None"}}"#, at: later)
        #expect(time(more, of: "curl") == later.description)
    }

    @Test func `an update takes what it changes, and removal takes it from all`() throws {
        let first = try updated(nil, #"{"spec":{"type":"ClusterIP","sessionAffinity":"None"}}"#, by: "a")
        let second = try updated(first, #"{"spec":{"type":"NodePort","sessionAffinity":"None"}}"#, by: "b")
        #expect(fields(second, of: "a") == #"{"f:spec":{"f:sessionAffinity":{}}}"#)
        #expect(fields(second, of: "b") == #"{"f:spec":{"f:type":{}}}"#)
        let third = try updated(second, #"{"spec":{"type":"NodePort"}}"#, by: "b")
        #expect(fields(third, of: "a") == nil)
    }

    @Test func `updaters are bounded`() throws {
        var object = try updated(nil, "{}")
        for index in 0..<25 {
            let labels = (0...index).map { "\"l\($0)\":\"x\"" }.joined(separator: ",")
            object = try updated(
                object, "{\"metadata\":{\"labels\":{\(labels)}}}", by: "m\(index)",
                at: Timestamp(secondsSinceEpoch: 1_800_000_000 + Int64(index)))
        }
        let entries = object["metadata"]?["managedFields"]?.array ?? []
        #expect(entries.count == ManagedFields.maximumUpdaters)
        #expect(fields(object, of: "ancient-changes")?.contains("f:l0") == true)
        #expect(fields(object, of: "m24") != nil)
    }
}

@Suite struct ApplyTests {
    @Test func `an applied object is owned by its fields`() throws {
        let object = try applied(
            nil,
            #"{"metadata":{"name":"s","labels":{"a":"1"},"finalizers":["x/y"]},"spec":{"ports":[{"port":80}],"selector":{"app":"x"}}}"#
        )
        #expect(
            fields(object, of: "kubectl")
                == #"{"f:metadata":{"f:finalizers":{"v:\"x/y\"":{}},"f:labels":{"f:a":{}}},"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}},"f:selector":{}}}"#
        )
        #expect(object["spec"]?["ports"]?.array?.count == 1)
    }

    @Test func `applying twice changes nothing, not even the time`() throws {
        let configuration = #"{"metadata":{"name":"s"},"spec":{"ports":[{"port":80,"name":"a"}],"type":"NodePort"}}"#
        let once = try applied(nil, configuration)
        #expect(try applied(once, configuration, at: later) == once)
    }

    @Test func `applying less removes exactly what is no longer said`() throws {
        let more = try applied(
            nil,
            #"{"metadata":{"name":"s","labels":{"a":"1","b":"2"},"annotations":{"n":"1"}},"spec":{"ports":[{"port":80,"name":"a"},{"port":81,"name":"b"}]}}"#
        )
        let less = try applied(
            more, #"{"metadata":{"name":"s","labels":{"b":"2"}},"spec":{"ports":[{"port":81}]}}"#, at: later)
        #expect(less["metadata"]?["labels"] == ["b": "2"])
        #expect(less["metadata"]?["annotations"] == nil)
        #expect(less["spec"] == ["ports": [["port": 81]]])
        #expect(time(less, of: "kubectl") == later.description)
    }

    @Test func `what others own stays when the applier gives it up`() throws {
        var object = try applied(nil, #"{"spec":{"ports":[{"port":80,"name":"a"}],"type":"NodePort"}}"#, by: "a")
        object = try applied(object, #"{"spec":{"ports":[{"port":80,"targetPort":8080}],"type":"NodePort"}}"#, by: "b")
        object = try applied(object, "{}", by: "a")
        #expect(object["spec"] == ["ports": [["port": 80, "targetPort": 8080]], "type": "NodePort"])
        #expect(fields(object, of: "a") == nil)
    }

    @Test func `defaults go with the element they belong to`() throws {
        var object = try applied(nil, #"{"spec":{"ports":[{"port":80},{"port":81}]}}"#)
        object["spec"] = ["ports": [["port": 80, "protocol": "TCP"], ["port": 81, "protocol": "TCP"]]]
        object = try applied(object, #"{"spec":{"ports":[{"port":81}]}}"#)
        #expect(object["spec"] == ["ports": [["port": 81, "protocol": "TCP"]]])
    }

    @Test func `a conflict names manager and field as kubectl prints it`() throws {
        let object = try updated(
            nil, #"{"spec":{"rules":[{"host":"a"}]}}"#, by: "kubectl-client-side-apply", kind: Kinds.ingress)
        let failure = #expect(throws: APIFailure.self) {
            try applied(object, #"{"spec":{"rules":[{"host":"b"}]}}"#, kind: Kinds.ingress)
        }
        #expect(failure?.code == 409)
        #expect(failure?.reason == "Conflict")
        #expect(
            failure?.message == "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using "
                + "networking.k8s.io/v1: .spec.rules")
        #expect(
            failure?.details?.causes == [
                APIFailure.Cause(
                    reason: "FieldManagerConflict",
                    message: "conflict with \"kubectl-client-side-apply\" using networking.k8s.io/v1",
                    field: ".spec.rules")
            ])
    }

    @Test func `several conflicts are listed by manager`() throws {
        var object = try applied(
            nil, #"{"spec":{"ports":[{"port":80,"name":"a"}],"type":"NodePort"}}"#, by: "a")
        object = try applied(object, #"{"spec":{"sessionAffinity":"None"}}"#, by: "b")
        let failure = #expect(throws: APIFailure.self) {
            try applied(
                object,
                #"{"spec":{"ports":[{"port":80,"name":"z"}],"type":"ClusterIP","sessionAffinity":"ClientIP"}}"#, by: "c"
            )
        }
        #expect(
            failure?.message == """
                Apply failed with 3 conflicts: conflicts with "a":
                - .spec.ports[port=80,protocol="TCP"].name
                - .spec.type
                conflicts with "b":
                - .spec.sessionAffinity
                """)
    }

    @Test func `force takes ownership`() throws {
        let object = try updated(nil, #"{"spec":{"type":"NodePort"}}"#)
        let result = try applied(object, #"{"spec":{"type":"ClusterIP"}}"#, force: true)
        #expect(result["spec"] == ["type": "ClusterIP"])
        #expect(fields(result, of: "curl") == nil)
        #expect(fields(result, of: "kubectl") == #"{"f:spec":{"f:type":{}}}"#)
    }

    @Test func `the same value is shared, not fought over`() throws {
        let object = try updated(nil, #"{"spec":{"type":"NodePort"}}"#)
        let result = try applied(object, #"{"spec":{"type":"NodePort"}}"#)
        #expect(fields(result, of: "curl") == #"{"f:spec":{"f:type":{}}}"#)
        #expect(fields(result, of: "kubectl") == #"{"f:spec":{"f:type":{}}}"#)
    }

    @Test func `an object without owners belongs to before-first-apply`() throws {
        let object = try json(
            #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"type":"NodePort"}}"#)
        let failure = #expect(throws: APIFailure.self) { try applied(object, #"{"spec":{"type":"ClusterIP"}}"#) }
        #expect(failure?.message.contains(#"conflict with "before-first-apply" using v1: .spec.type"#) == true)
    }

    @Test func `status goes by its own way`() throws {
        let main = try applied(
            nil, #"{"spec":{"type":"NodePort"},"status":{"loadBalancer":{"ingress":[{"ip":"1.1.1.1"}]}}}"#)
        #expect(main["status"] == nil)
        let status = try applied(
            main, #"{"spec":{"type":"X"},"status":{"loadBalancer":{"ingress":[{"ip":"1.1.1.1"}]}}}"#, by: "lb",
            subresource: "status")
        #expect(status["spec"] == ["type": "NodePort"])
        #expect(fields(status, of: "lb") == #"{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}"#)
        #expect(status["metadata"]?["managedFields"]?.array?.contains { $0["subresource"] == "status" } == true)
    }

    @Test func `custom resources merge by their schema`() throws {
        let schema = try json(
            #"{"type":"object","properties":{"spec":{"type":"object","properties":{"items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],"items":{"type":"object","properties":{"id":{"type":"string"},"v":{"type":"integer"}}}},"tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}}}"#
        )
        var object = try applied(
            nil, #"{"spec":{"items":[{"id":"a","v":1}],"tags":["x"]}}"#, by: "a", kind: Kinds.custom, schema: schema)
        object = try applied(
            object, #"{"spec":{"items":[{"id":"b","v":2}],"tags":["y"]}}"#, by: "b", kind: Kinds.custom, schema: schema)
        #expect(object["spec"]?["items"] == [["id": "a", "v": 1], ["id": "b", "v": 2]])
        object = try applied(object, #"{"spec":{"tags":["x"]}}"#, by: "a", kind: Kinds.custom, schema: schema)
        #expect(object["spec"] == ["items": [["id": "b", "v": 2]], "tags": ["x", "y"]])
    }

    @Test(arguments: [
        (#"{"spec":{"rulez":[]}}"#, ".spec.rulez: field not declared in schema"),
        (#"{"spec":{"ports":[{"port":80},{"port":80}]}}"#, #"duplicate entries for key [port=80,protocol="TCP"]"#),
        (#"{"spec":{"ports":[{"name":"a"}]}}"#, "omits a key field"),
        (#"{"metadata":{"managedFields":[]}}"#, "metadata.managedFields must be nil"),
    ])
    func `a configuration that does not fit is refused`(configuration: String, expected: String) throws {
        let failure = #expect(throws: APIFailure.self) { try applied(nil, configuration) }
        #expect(failure?.code == 400)
        #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "")")
    }
}

@Suite struct FieldManagementPropertyTests {
    /// A Service configuration made of few parts, so that any two overlap often.
    private func configuration(_ random: inout SeededGenerator, labels: ClosedRange<Int>) -> JSONValue {
        var spec: JSONValue = [:]
        var metadata: JSONValue = ["name": "s"]
        for label in labels where Bool.random(using: &random) {
            var map = metadata["labels"] ?? .object([:])
            map["l\(label)"] = .string("v\(Int.random(in: 0..<2, using: &random))")
            metadata["labels"] = map
        }
        var ports: [JSONValue] = []
        for port in labels where Bool.random(using: &random) {
            var json: JSONValue = ["port": .integer(Int64(port + 80))]
            if Bool.random(using: &random) { json["name"] = .string("p\(port)") }
            if Bool.random(using: &random) { json["targetPort"] = .integer(Int64.random(in: 1...2, using: &random)) }
            ports.append(json)
        }
        if !ports.isEmpty { spec["ports"] = .array(ports) }
        return ["apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec]
    }

    private func apply(
        _ old: JSONValue?, _ configuration: JSONValue, _ manager: String, force: Bool
    ) throws -> JSONValue {
        try FieldManager.applied(
            old: old, configuration: configuration, manager: manager, force: force, subresource: "", now: now,
            resource: Kinds.service)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `applying is idempotent, and alone its result is the configuration`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var object: JSONValue?
        for _ in 0..<20 {
            let wanted = configuration(&random, labels: 0...4)
            let once = try apply(object, wanted, "me", force: false)
            #expect(try apply(once, wanted, "me", force: false) == once, "seed \(seed)")
            let bare = FieldManager.withoutManagedFields(once)
            #expect(bare["metadata"] == wanted["metadata"], "seed \(seed)")
            #expect(
                Set(bare["spec"]?["ports"]?.array ?? []) == Set(wanted["spec"]?["ports"]?.array ?? []), "seed \(seed)")
            object = once
        }
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `managers of different fields never meet`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var object: JSONValue?
        var last: [String: JSONValue] = [:]
        for _ in 0..<20 {
            let isFirst = Bool.random(using: &random)
            let name = isFirst ? "a" : "b"
            let wanted = configuration(&random, labels: isFirst ? 0...3 : 4...7)
            object = try apply(object, wanted, name, force: false)
            last[name] = wanted
            var labels: [String: JSONValue] = [:]
            for wanted in last.values { labels.merge(wanted["metadata"]?["labels"]?.object ?? [:]) { $1 } }
            #expect((object?["metadata"]?["labels"]?.object ?? [:]) == labels, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `whoever forces gets what was asked for, and owns it`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var object: JSONValue?
        for _ in 0..<30 {
            let manager = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            let wanted = configuration(&random, labels: 0...3)
            let result = try apply(object, wanted, manager, force: true)
            for (key, value) in wanted["metadata"]?["labels"]?.object ?? [:] {
                #expect(result["metadata"]?["labels"]?[key] == value, "seed \(seed)")
            }
            // Without force the same is now free of conflicts.
            #expect(throws: Never.self) { try apply(result, wanted, manager, force: false) }
            object = result
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no JSON makes it trap, and field sets survive their text`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for _ in 0..<40 {
            let old = random.object()
            let new = random.mutated(old)
            for kind in [Kinds.service, Kinds.ingress, Kinds.pod, Kinds.custom] {
                let result = FieldManager.updated(
                    old: old, new: new, manager: "m", subresource: "", apiVersion: "v1", now: now,
                    node: OpenAPISchema.node(random.object()))
                let managed = ManagedFields(of: result)
                #expect(ManagedFields(of: managed.written(into: .object([:]))).json == managed.json, "seed \(seed)")
                var configuration = new
                configuration["apiVersion"] = .string(kind.apiVersion)
                configuration["kind"] = .string(kind.kind)
                for force in [true, false] {
                    _ = try? FieldManager.applied(
                        old: result, configuration: configuration, manager: "n", force: force, subresource: "",
                        now: now, resource: kind)
                }
            }
        }
    }
}
