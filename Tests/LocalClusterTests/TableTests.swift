import KubernetesModel
import Testing

@testable import LocalCluster

private let now = Timestamp(secondsSinceEpoch: 1_800_000_000)
private let created = Timestamp(secondsSinceEpoch: 1_800_000_000 - 200).description

private func row(_ kind: ResourceKind, _ object: String, wide: Bool = false) throws -> [String] {
    var object = try json(object)
    var metadata = object["metadata"] ?? .object([:])
    metadata["name"] = metadata["name"] ?? "x"
    metadata["creationTimestamp"] = .string(created)
    object["metadata"] = metadata
    return TablePrinter.columns(of: APIResource(kind)).filter { wide || $0.priority == 0 }.map { column in
        let cell = column.cell(object, now)
        return cell.string ?? cell.text
    }
}

private func names(_ kind: ResourceKind, wide: Bool = false) -> String {
    TablePrinter.columns(of: APIResource(kind)).filter { wide || $0.priority == 0 }.map { $0.name.uppercased() }
        .joined(separator: " ")
}

@Suite struct TableTests {
    @Test(arguments: [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (599, "9m59s"),
        (600, "10m"), (10_799, "179m"), (10_800, "3h"), (11_000, "3h3m"), (28_800, "8h"), (172_799, "47h"),
        (172_800, "2d"), (176_400, "2d1h"), (691_200, "8d"), (63_072_000, "2y"), (63_158_400, "2y1d"),
        (252_288_000, "8y"),
    ])
    func `ages as kubectl prints them`(seconds: Int64, text: String) {
        #expect(HumanDuration.text(seconds: seconds) == text)
    }

    @Test func `columns are those of kubectl`() {
        #expect(names(Kinds.service, wide: true) == "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR")
        #expect(names(Kinds.ingress) == "NAME CLASS HOSTS ADDRESS PORTS AGE")
        #expect(names(Kinds.ingressClass) == "NAME CONTROLLER PARAMETERS AGE")
        #expect(names(Kinds.slice) == "NAME ADDRESSTYPE PORTS ENDPOINTS AGE")
        #expect(names(Kinds.pod, wide: true) == "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES")
        #expect(names(Kinds.event) == "LAST SEEN TYPE REASON OBJECT MESSAGE")
        #expect(names(Kinds.deployment, wide: true) == "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR")
        #expect(names(Kinds.definition) == "NAME CREATED AT")
        #expect(names(Kinds.lease) == "NAME HOLDER AGE")
    }

    @Test(arguments: [
        (
            #"{"spec":{"type":"ClusterIP","clusterIP":"10.0.0.1","ports":[{"port":80,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}"#,
            "ClusterIP 10.0.0.1 <none> 80/TCP,53/UDP"
        ),
        (
            #"{"spec":{"type":"NodePort","clusterIP":"10.0.0.1","externalIPs":["1.1.1.1"],"ports":[{"port":80,"protocol":"TCP","nodePort":30001}]}}"#,
            "NodePort 10.0.0.1 1.1.1.1 80:30001/TCP"
        ),
        (#"{"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1"}}"#, "LoadBalancer 10.0.0.1 <pending> <none>"),
        (
            #"{"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1"},"status":{"loadBalancer":{"ingress":[{"ip":"2.2.2.2"},{"hostname":"a.b"}]}}}"#,
            "LoadBalancer 10.0.0.1 2.2.2.2,a.b <none>"
        ),
        (#"{"spec":{"type":"ExternalName","externalName":"a.b"}}"#, "ExternalName <none> a.b <none>"),
        (#"{"spec":{"type":"ClusterIP","clusterIP":"None"}}"#, "ClusterIP None <none> <none>"),
    ])
    func `services`(object: String, expected: String) throws {
        #expect(try row(Kinds.service, object).joined(separator: " ") == "x \(expected) 3m20s")
    }

    @Test(arguments: [
        (
            #"{"spec":{"ingressClassName":"fairway","rules":[{"host":"a"},{"host":"b"},{"host":"a"}],"tls":[{}]},"status":{"loadBalancer":{"ingress":[{"ip":"1.1.1.1"}]}}}"#,
            "fairway|a,b|1.1.1.1|80, 443"
        ),
        (
            #"{"spec":{"rules":[{"host":"a"},{"host":"b"},{"host":"c"},{"host":"d"},{"host":"e"}]}}"#,
            "<none>|a,b,c + 2 more...||80"
        ),
        (
            #"{"metadata":{"annotations":{"kubernetes.io/ingress.class":"old"}},"spec":{"rules":[{"http":{}}]}}"#,
            "old|*||80"
        ),
    ])
    func `ingresses`(object: String, expected: String) throws {
        #expect(try row(Kinds.ingress, object).joined(separator: "|") == "x|\(expected)|3m20s")
    }

    @Test func `others`() throws {
        #expect(try row(Kinds.secret, #"{"type":"Opaque","data":{"a":"","b":""}}"#) == ["x", "Opaque", "2", "3m20s"])
        #expect(
            try row(
                Kinds.slice,
                #"{"addressType":"IPv4","ports":[{"port":1}],"endpoints":[{"addresses":["1"]},{"addresses":["2"]},{"addresses":["3"]},{"addresses":["4"]}]}"#
            ) == ["x", "IPv4", "1", "1,2,3 + 1 more...", "3m20s"])
        #expect(try row(Kinds.slice, #"{"addressType":"IPv4"}"#) == ["x", "IPv4", "<unset>", "<unset>", "3m20s"])
        #expect(
            try row(
                Kinds.pod,
                #"{"spec":{"containers":[{},{}]},"status":{"phase":"Running","containerStatuses":[{"ready":true,"restartCount":2},{"ready":false,"restartCount":1,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}"#
            ) == ["x", "1/2", "CrashLoopBackOff", "3", "3m20s"])
        #expect(try row(Kinds.pod, #"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}"#)[2] == "Terminating")
        #expect(
            try row(
                Kinds.event,
                #"{"type":"Warning","reason":"Bad","involvedObject":{"kind":"Ingress","name":"i"},"message":"m\n","count":5,"firstTimestamp":"\#(created)","lastTimestamp":"\#(now)"}"#
            ) == ["0s (x5 over 3m20s)", "Warning", "Bad", "ingress/i", "m"])
        #expect(
            try row(Kinds.deployment, #"{"spec":{"replicas":3},"status":{"readyReplicas":1}}"#)
                == ["x", "1/3", "0", "0", "3m20s"])
        #expect(
            try row(
                Kinds.node,
                #"{"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#)[1]
                == "Ready,SchedulingDisabled")
    }

    @Test func `custom columns come from JSON paths`() throws {
        var resource = APIResource(Kinds.custom)
        resource.isCustom = true
        #expect(TablePrinter.columns(of: resource).map(\.name) == ["Name", "Age"])
        func column(_ name: String, _ type: String, _ path: String) -> APIResource.PrinterColumn {
            .init(name: name, type: type, format: "", description: "", priority: 0, jsonPath: path)
        }
        resource.printerColumns = [
            column("Ready", "string", #".status.conditions[?(@.type=="Ready")].status"#),
            column("Size", "integer", ".spec.size"), column("Text", "integer", ".spec.text"),
            column("Since", "date", ".metadata.creationTimestamp"), column("None", "string", ".spec.none"),
            column("All", "string", ".spec.list[*].a"), column("Key", "string", #".metadata.labels.a\.b/c"#),
        ]
        let object = try json(
            #"{"metadata":{"name":"x","creationTimestamp":"\#(created)","labels":{"a.b/c":"v"}},"spec":{"size":3,"text":"t","list":[{"a":1},{"a":2}]},"status":{"conditions":[{"type":"A","status":"no"},{"type":"Ready","status":"True"}]}}"#
        )
        #expect(
            TablePrinter.columns(of: resource).map { $0.cell(object, now) }
                == ["x", "True", 3, .null, "3m20s", .null, "1 2", "v"])
    }

    @Test(arguments: [
        (".a.b", 1), ("{.a.b}", 1), ("$.a['b']", 1), (".l[0]", 1), (".l[-1]", 1), (".l[9]", 0), (".l[*]", 3),
        (".a.*", 1), (".x.y", 0), (".", 1),
    ])
    func `paths find their values`(path: String, count: Int) throws {
        let document = try json(#"{"a":{"b":1},"l":[1,2,3]}"#)
        #expect(JSONPath(path)?.values(in: document).count == count)
    }

    @Test(arguments: [".a[", ".a[?(@.x)]", "a", "..a", ".a[?(1==1)]", ".a["])
    func `paths beyond that are refused`(path: String) {
        #expect(JSONPath(path) == nil)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no JSON makes it trap`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for _ in 0..<100 {
            let object = random.object()
            for kind in Kinds.all {
                for column in TablePrinter.columns(of: APIResource(kind)) { _ = column.cell(object, now) }
            }
        }
    }
}
