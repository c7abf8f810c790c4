import KubernetesModel
import Testing

@testable import LocalCluster

@Suite struct SchemaTests {
    @Test func `every type named exists`() {
        func names(_ node: SchemaNode) -> [String] {
            switch node {
            case .named(let name, _): [name]
            case .map(let element, _), .list(let element, _): names(element)
            case .scalar, .any, .structure: []
            }
        }
        for structure in BuiltInSchema.structures.values {
            for field in structure.fields.values {
                for name in names(field.node) {
                    #expect(BuiltInSchema.structures[name] != nil, "\(structure.name).\(field.name): \(name)")
                }
                let (element, list) = field.node.list
                if let key = list.patchKey { #expect(element.member(key) != nil, "\(structure.name).\(field.name)") }
                if case .map(let keys) = list.topology {
                    for key in keys { #expect(element.member(key.name) != nil, "\(structure.name).\(field.name)") }
                }
            }
            #expect(structure.order.count == structure.fields.count, "\(structure.name)")
        }
        #expect(BuiltInSchema.kinds.count >= 20)
    }

    @Test func `unknown fields are named by their path`() throws {
        let object = try json(
            #"{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"a","labls":{}},"spec":{"rulez":[],"rules":[{"htpt":{}}]}}"#
        )
        #expect(
            Admission.unknownFields(object, resource: Kinds.ingress)
                == ["metadata.labls", "spec.rules[0].htpt", "spec.rulez"])
    }

    @Test func `what a pod's spec holds passes`() throws {
        let object = try json(#"{"spec":{"hostNetwork":true,"containers":[{"name":"a","tty":true}]},"specc":{}}"#)
        #expect(Admission.unknownFields(object, resource: Kinds.pod) == ["specc"])
    }

    @Test func `a custom resource's schema tells its fields`() throws {
        let schema = try json(
            #"{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"},"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}"#
        )
        let object = try json(#"{"metadata":{"name":"x"},"spec":{"a":"1","b":2,"free":{"c":1}},"more":1}"#)
        #expect(Admission.unknownFields(object, resource: Kinds.custom, schema: schema) == ["more", "spec.b"])
    }

    @Test func `a value of the wrong type is refused with 400`() throws {
        let failure = Admission.malformed(
            try json(#"{"spec":{"ports":[{"port":"80"}]}}"#), resource: Kinds.service)
        #expect(failure?.code == 400)
        #expect(
            failure?.message
                == "Service in version \"v1\" cannot be handled as a Service: json: cannot unmarshal string into Go "
                + "struct field .spec.ports[0].port of type int32")
        #expect(Admission.malformed(try json(#"{"spec":{"ports":null}}"#), resource: Kinds.service) == nil)
    }

    @Test func `what is kept has only known fields and no nulls`() throws {
        let object = try json(
            #"{"metadata":{"name":"a","creationTimestamp":null,"x":1},"spec":{"rulez":1,"rules":[{"host":"h","htpt":{}}]}}"#
        )
        #expect(
            Admission.pruned(object, resource: Kinds.ingress).text
                == #"{"metadata":{"name":"a"},"spec":{"rules":[{"host":"h"}]}}"#)
    }

    @Test func `the schema is the same when read back from OpenAPI`() throws {
        for kind in [Kinds.ingress, Kinds.service, Kinds.slice, Kinds.pod, Kinds.definition, Kinds.lease] {
            let document = try #require(BuiltInSchema.openAPIv3(for: kind))
            var random = RandomJSON(seed: 7)
            for _ in 0..<50 {
                let object = random.object()
                #expect(
                    Admission.unknownFields(object, resource: kind, schema: document)
                        == Admission.unknownFields(object, resource: kind))
            }
        }
    }
}
