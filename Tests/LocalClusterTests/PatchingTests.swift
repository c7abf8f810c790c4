import KubernetesModel
import Testing

@testable import LocalCluster

@Suite struct JSONPatchTests {
    /// The cases are those of RFC 6902, appendix A, in our own words.
    @Test(arguments: [
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
        (#"{"a":[1,3]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2,3]}"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/-","value":2}]"#, #"{"a":[1,2]}"#),
        (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/b"}]"#, #"{"a":1}"#),
        (#"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/1"}]"#, #"{"a":[1,3]}"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"/a","value":{"x":[]}}]"#, #"{"a":{"x":[]}}"#),
        (#"{"a":{"x":1},"b":{}}"#, #"[{"op":"move","from":"/a/x","path":"/b/y"}]"#, #"{"a":{},"b":{"y":1}}"#),
        (#"{"a":[1,2,3]}"#, #"[{"op":"move","from":"/a/0","path":"/a/2"}]"#, #"{"a":[2,3,1]}"#),
        (#"{"a":{"x":1}}"#, #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"a":{"x":1},"b":{"x":1}}"#),
        (#"{"a~b/c":1}"#, #"[{"op":"replace","path":"/a~0b~1c","value":2}]"#, #"{"a~b/c":2}"#),
        (#"{"a":1}"#, #"[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}]"#, #"{}"#),
        (#"{"a":1}"#, #"[{"op":"test","path":"/b","value":null}]"#, #"{"a":1}"#),
        (#"{"a":1}"#, #"[{"op":"replace","path":"","value":{"b":1}}]"#, #"{"b":1}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":null}]"#, #"{"a":1,"b":null}"#),
    ])
    func `applies each operation`(document: String, patch: String, expected: String) throws {
        let result = try Patching.apply(.json, patch: json(patch), to: json(document), resource: Kinds.service)
        #expect(result == (try json(expected)), "\(result.text)")
    }

    @Test(arguments: [
        #"[{"op":"remove","path":"/nope"}]"#, #"[{"op":"test","path":"/a","value":2}]"#,
        #"[{"op":"replace","path":"/nope","value":2}]"#, #"[{"op":"add","path":"/x/y","value":2}]"#,
        #"[{"op":"add","path":"/l/9","value":2}]"#, #"[{"op":"remove","path":"/l/01"}]"#,
        #"[{"op":"move","from":"/o","path":"/o/p"}]"#, #"[{"op":"jump","path":"/a"}]"#, #"[{"path":"/a"}]"#,
        #"[{"op":"add","path":"a","value":1}]"#, #"[{"op":"copy","path":"/b"}]"#, #"[{"op":"add","path":"/b"}]"#,
        #"[7]"#,
    ])
    func `refuses what does not apply`(patch: String) throws {
        let object = try json(#"{"a":1,"l":[1,2],"o":{}}"#)
        let failure = #expect(throws: APIFailure.self) {
            try Patching.apply(.json, patch: json(patch), to: object, resource: Kinds.service)
        }
        #expect(failure?.code == 422)
    }

    @Test func `bounds operations and copies`() throws {
        let test = try json(#"{"op":"test","path":"/x","value":null}"#)
        let many = JSONValue.array(Array(repeating: test, count: JSONPatch.maximumOperations + 1))
        let failure = #expect(throws: APIFailure.self) { try JSONPatch.apply(many, to: [:]) }
        #expect(failure?.code == 413)
        let double = try json(#"{"op":"copy","from":"/a","path":"/a/-"}"#)
        #expect(throws: APIFailure.self) {
            try JSONPatch.apply(.array(Array(repeating: double, count: 64)), to: ["a": [1, 2, 3]])
        }
    }
}

@Suite struct MergePatchTests {
    /// RFC 7396, appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
    ])
    func `merges members`(target: String, patch: String, expected: String) throws {
        let result = try Patching.apply(.merge, patch: json(patch), to: json(target), resource: Kinds.ingress)
        #expect(result == (try json(expected)), "\(result.text)")
    }
}

@Suite struct StrategicMergePatchTests {
    private func patched(_ kind: ResourceKind, _ object: String, _ patch: String) throws -> String {
        try Patching.apply(.strategicMerge, patch: json(patch), to: json(object), resource: kind).text
    }

    @Test(arguments: [
        // Ports merge by number.
        (
            #"{"spec":{"ports":[{"port":80,"name":"a"},{"port":81}]}}"#,
            #"{"spec":{"ports":[{"port":80,"name":"b"}]}}"#,
            #"{"spec":{"ports":[{"name":"b","port":80},{"port":81}]}}"#
        ),
        (
            #"{"spec":{"ports":[{"port":80},{"port":81}]}}"#, #"{"spec":{"ports":[{"$patch":"delete","port":80}]}}"#,
            #"{"spec":{"ports":[{"port":81}]}}"#
        ),
        (
            #"{"spec":{"ports":[{"port":80},{"port":81}]}}"#,
            #"{"spec":{"ports":[{"$patch":"replace"},{"port":9}]}}"#, #"{"spec":{"ports":[{"port":9}]}}"#
        ),
        (
            #"{"spec":{"ports":[{"port":1},{"port":2}]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":3},{"port":2},{"port":1}],"ports":[{"port":3}]}}"#,
            #"{"spec":{"ports":[{"port":3},{"port":2},{"port":1}]}}"#
        ),
        // An element that only the server has keeps its place.
        (
            #"{"spec":{"ports":[{"port":1},{"port":2},{"port":3}]}}"#,
            #"{"spec":{"$setElementOrder/ports":[{"port":3},{"port":1}]}}"#,
            #"{"spec":{"ports":[{"port":2},{"port":3},{"port":1}]}}"#
        ),
        // Maps merge; null removes.
        (
            #"{"metadata":{"labels":{"a":"1","b":"2"}}}"#, #"{"metadata":{"labels":{"a":null,"c":"3"}}}"#,
            #"{"metadata":{"labels":{"b":"2","c":"3"}}}"#
        ),
        (
            #"{"spec":{"selector":{"a":"1"}}}"#, #"{"spec":{"selector":{"$patch":"replace","b":"2"}}}"#,
            #"{"spec":{"selector":{"b":"2"}}}"#
        ),
        // Finalizers are a set; external addresses are replaced.
        (
            #"{"metadata":{"finalizers":["a/x","b/x"]}}"#, #"{"metadata":{"finalizers":["c/x","a/x"]}}"#,
            #"{"metadata":{"finalizers":["a/x","b/x","c/x"]}}"#
        ),
        (
            #"{"metadata":{"finalizers":["a/x","b/x"]}}"#,
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a/x"]}}"#, #"{"metadata":{"finalizers":["b/x"]}}"#
        ),
        (
            #"{"spec":{"externalIPs":["1.1.1.1"]}}"#, #"{"spec":{"externalIPs":["2.2.2.2"]}}"#,
            #"{"spec":{"externalIPs":["2.2.2.2"]}}"#
        ),
        // Conditions by type.
        (
            #"{"status":{"conditions":[{"type":"A","status":"True"},{"type":"B","status":"True"}]}}"#,
            #"{"status":{"conditions":[{"type":"A","status":"False"}]}}"#,
            #"{"status":{"conditions":[{"status":"False","type":"A"},{"status":"True","type":"B"}]}}"#
        ),
        (
            #"{"spec":{"type":"NodePort","clusterIP":"x"}}"#, #"{"spec":{"$retainKeys":["type"],"type":"ClusterIP"}}"#,
            #"{"spec":{"type":"ClusterIP"}}"#
        ),
        (#"{"spec":{"type":"NodePort"}}"#, #"{"spec":{"$patch":"delete"}}"#, #"{"spec":{}}"#),
        (#"{}"#, #"{"spec":{"ports":[{"port":1,"name":null}]}}"#, #"{"spec":{"ports":[{"port":1}]}}"#),
    ])
    func `a Service merges as its schema says`(object: String, patch: String, expected: String) throws {
        #expect(try patched(Kinds.service, object, patch) == expected)
    }

    @Test func `rules of an Ingress are replaced as a whole`() throws {
        let result = try patched(
            Kinds.ingress, #"{"spec":{"rules":[{"host":"a"},{"host":"b"}]}}"#, #"{"spec":{"rules":[{"host":"c"}]}}"#)
        #expect(result == #"{"spec":{"rules":[{"host":"c"}]}}"#)
    }

    @Test func `containers and their variables merge by name`() throws {
        let result = try patched(
            Kinds.deployment,
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i:1","env":[{"name":"X","value":"1"}]},{"name":"b"}]}}}}"#,
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i:2","env":[{"name":"Y","value":"2"}]}]}}}}"#
        )
        #expect(
            result
                == #"{"spec":{"template":{"spec":{"containers":[{"env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}],"image":"i:2","name":"a"},{"name":"b"}]}}}}"#
        )
    }

    @Test(arguments: [
        #"{"spec":{"ports":[{"name":"a"}]}}"#, #"{"spec":{"$patch":"explode"}}"#,
        #"{"spec":{"$retainKeys":["a"],"b":1}}"#,
        #"{"metadata":{"$deleteFromPrimitiveList/finalizers":"a"}}"#, #"{"spec":{"ports":[1]}}"#, "[]",
    ])
    func `refuses a broken patch with 400`(patch: String) throws {
        let failure = #expect(throws: APIFailure.self) { try patched(Kinds.service, #"{"spec":{}}"#, patch) }
        #expect(failure?.code == 400)
    }

    @Test func `custom resources have no strategic merge`() throws {
        let failure = #expect(throws: APIFailure.self) { try patched(Kinds.custom, "{}", "{}") }
        #expect(failure?.code == 415)
        #expect(failure?.reason == "UnsupportedMediaType")
    }
}

@Suite struct PatchingFuzzTests {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no JSON makes a patch trap, and a JSON patch of tests changes nothing`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for _ in 0..<60 {
            let object = random.object()
            let patch = random.object()
            _ = try? Patching.apply(.merge, patch: patch, to: object, resource: Kinds.service)
            for kind in Kinds.all {
                _ = try? Patching.apply(.strategicMerge, patch: patch, to: object, resource: kind)
            }
            _ = try? Patching.apply(.json, patch: .array([patch, random.object()]), to: object, resource: Kinds.pod)
            // Without directives, patching twice is patching once.
            let clean = StrategicMergePatch.withoutDirectives(patch)
            if let once = try? Patching.apply(.strategicMerge, patch: clean, to: object, resource: Kinds.service) {
                let twice = try? Patching.apply(.strategicMerge, patch: clean, to: once, resource: Kinds.service)
                #expect(twice == once, "seed \(seed)")
            }
        }
    }
}
