import KubernetesModel
import TestSupport
import Testing

@testable import LocalCluster

private func service(
    _ spec: String =
        #"{"selector":{"app":"x"},"ports":[{"port":80,"protocol":"TCP","targetPort":8080}],"ipFamilies":["IPv4"]}"#
) throws -> JSONValue {
    try json(#"{"metadata":{"name":"s","namespace":"n","uid":"su","labels":{"team":"a"}},"spec":\#(spec)}"#)
}

private func pod(
    _ index: Int, ready: Bool = true, terminating: Bool = false, labels: String = #"{"app":"x"}"#,
    spec: String = "{}", ips: [String]? = nil, phase: String = "Running", namespace: String = "n"
) throws -> JSONValue {
    let ips = ips ?? ["10.0.\(index / 250).\(index % 250 + 1)"]
    let list = ips.map { #"{"ip":"\#($0)"}"# }.joined(separator: ",")
    let deletion = terminating ? #","deletionTimestamp":"2026-01-01T00:00:00Z""# : ""
    return try json(
        #"{"metadata":{"name":"p\#(index)","namespace":"\#(namespace)","uid":"u\#(index)","labels":\#(labels)\#(deletion)},"spec":\#(spec),"status":{"phase":"\#(phase)","podIPs":[\#(list)],"conditions":[{"type":"Ready","status":"\#(ready ? "True" : "False")"}]}}"#
    )
}

/// A cluster that does what the reconciler says.
private struct Slices {
    var stored: [JSONValue] = []
    var counter = 0
    var writes = 0

    mutating func reconcile(_ service: JSONValue, _ pods: [JSONValue], zone: (String) -> String? = { _ in nil }) {
        let (create, update, delete) = EndpointSliceReconciler.desired(
            service: service, pods: pods, existing: stored, zone: zone)
        writes = create.count + update.count + delete.count
        stored.removeAll { delete.contains(EndpointSliceReconciler.name($0)) }
        for slice in update {
            if let index = stored.firstIndex(where: { $0["metadata"]?["name"] == slice["metadata"]?["name"] }) {
                stored[index] = slice
            }
        }
        for var slice in create {
            counter += 1
            slice["metadata"]?["name"] = .string("s-\(counter)")
            stored.append(slice)
        }
    }

    var addresses: [String] {
        stored.flatMap { $0["endpoints"]?.array ?? [] }.flatMap { $0["addresses"]?.array ?? [] }.compactMap(\.string)
            .sorted()
    }
}

@Suite struct EndpointSliceTests {
    @Test func `a slice says all that is known of its endpoints`() throws {
        var slices = Slices()
        let node = try pod(1, spec: #"{"nodeName":"node1","hostname":"h","subdomain":"s"}"#)
        slices.reconcile(try service(), [node], zone: { $0 == "node1" ? "z1" : nil })
        #expect(
            slices.stored.map(\.text) == [
                #"{"addressType":"IPv4","apiVersion":"discovery.k8s.io/v1","endpoints":[{"addresses":["10.0.0.2"],"conditions":{"ready":true,"serving":true,"terminating":false},"hostname":"h","nodeName":"node1","targetRef":{"kind":"Pod","name":"p1","namespace":"n","uid":"u1"},"zone":"z1"}],"kind":"EndpointSlice","metadata":{"generateName":"s-","labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"s","team":"a"},"name":"s-1","namespace":"n","ownerReferences":[{"apiVersion":"v1","blockOwnerDeletion":true,"controller":true,"kind":"Service","name":"s","uid":"su"}]},"ports":[{"name":"","port":8080,"protocol":"TCP"}]}"#
            ])
        // Nothing to do a second time.
        slices.reconcile(try service(), [node], zone: { $0 == "node1" ? "z1" : nil })
        #expect(slices.writes == 0)
    }

    @Test(arguments: [
        (true, false, false, (true, true, false)), (false, false, false, (false, false, false)),
        (true, true, false, (false, true, true)), (false, true, false, (false, false, true)),
        (false, false, true, (true, false, false)), (true, true, true, (true, true, true)),
    ])
    func `conditions`(ready: Bool, terminating: Bool, publishes: Bool, expected: (Bool, Bool, Bool)) throws {
        var slices = Slices()
        var object = try service()
        object["spec"]?["publishNotReadyAddresses"] = .bool(publishes)
        slices.reconcile(object, [try pod(1, ready: ready, terminating: terminating)])
        let conditions = slices.stored.first?["endpoints"]?.array?.first?["conditions"]
        #expect(conditions?["ready"] == .bool(expected.0))
        #expect(conditions?["serving"] == .bool(expected.1))
        #expect(conditions?["terminating"] == .bool(expected.2))
    }

    @Test func `only pods that are selected, in the namespace, running and addressed count`() throws {
        var slices = Slices()
        slices.reconcile(
            try service(),
            [
                try pod(1), try pod(2, labels: #"{"app":"y"}"#), try pod(3, phase: "Succeeded"), try pod(4, ips: []),
                try pod(5, namespace: "other"), try pod(6, phase: "Failed"), try pod(7, phase: "Pending"),
            ])
        #expect(slices.addresses == ["10.0.0.2", "10.0.0.8"])
    }

    @Test func `named ports are resolved on each pod, and slices are apart by ports`() throws {
        var slices = Slices()
        let object = try service(
            #"{"selector":{"app":"x"},"ports":[{"name":"web","port":80,"protocol":"TCP","targetPort":"http","appProtocol":"kubernetes.io/h2c"}]}"#
        )
        func spec(_ port: Int) -> String { #"{"containers":[{"ports":[{"name":"http","containerPort":\#(port)}]}]}"# }
        slices.reconcile(object, [try pod(1, spec: spec(8080)), try pod(2, spec: spec(9090)), try pod(3)])
        #expect(
            slices.stored.map { "\($0["ports"]?.text ?? "") \($0["endpoints"]?.array?.count ?? 0)" }.sorted() == [
                #"[] 1"#, #"[{"appProtocol":"kubernetes.io/h2c","name":"web","port":8080,"protocol":"TCP"}] 1"#,
                #"[{"appProtocol":"kubernetes.io/h2c","name":"web","port":9090,"protocol":"TCP"}] 1"#,
            ])
    }

    @Test func `dual stack has slices for each family`() throws {
        var slices = Slices()
        let object = try service(
            #"{"selector":{"app":"x"},"ports":[{"port":80}],"ipFamilies":["IPv4","IPv6"]}"#)
        slices.reconcile(object, [try pod(1, ips: ["10.0.0.1", "fd00::1"]), try pod(2, ips: ["10.0.0.2"])])
        #expect(slices.addresses == ["10.0.0.1", "10.0.0.2", "fd00::1"])
        #expect(Set(slices.stored.compactMap { $0["addressType"]?.string }) == ["IPv4", "IPv6"])
        let single = try service(#"{"selector":{"app":"x"},"ports":[{"port":80}],"ipFamilies":["IPv4"]}"#)
        slices.reconcile(single, [try pod(1, ips: ["10.0.0.1", "fd00::1"])])
        #expect(slices.addresses == ["10.0.0.1"])
    }

    @Test func `headless slices say so, services without selector have none, external names lose theirs`() throws {
        var slices = Slices()
        let headless = try service(#"{"selector":{"app":"x"},"clusterIP":"None"}"#)
        slices.reconcile(headless, [try pod(1)])
        #expect(slices.stored.first?["metadata"]?["labels"]?["service.kubernetes.io/headless"] == "")
        slices.reconcile(try service(#"{"type":"ExternalName","selector":{"app":"x"}}"#), [try pod(1)])
        #expect(slices.stored == [])
        slices.reconcile(try service(#"{"ports":[{"port":80}]}"#), [try pod(1)])
        #expect(slices.stored == [])
    }

    @Test func `slices of others are left alone`() throws {
        let foreign = try json(
            #"{"metadata":{"name":"mine","namespace":"n","labels":{"kubernetes.io/service-name":"s"}},"addressType":"IPv4","endpoints":[]}"#
        )
        let (create, update, delete) = EndpointSliceReconciler.desired(
            service: try service(), pods: [try pod(1)], existing: [foreign])
        #expect(create.count == 1)
        #expect(update == [])
        #expect(delete == [])
    }

    @Test func `a service without pods has one empty slice`() throws {
        var slices = Slices()
        slices.reconcile(try service(), [])
        #expect(slices.stored.count == 1)
        slices.reconcile(try service(), [])
        #expect(slices.writes == 0)
        slices.reconcile(try service(), [try pod(1)])
        #expect(slices.addresses == ["10.0.0.2"])
        #expect(slices.stored.count == 1)
        slices.reconcile(try service(), [])
        #expect(slices.stored.count == 1)
        #expect(slices.addresses == [])
    }

    @Test func `one pod more or less changes one slice`() throws {
        var slices = Slices()
        var pods = try (0..<250).map { try pod($0) }
        slices.reconcile(try service(), pods)
        #expect(slices.stored.count == 3)
        #expect(slices.stored.allSatisfy { ($0["endpoints"]?.array?.count ?? 0) <= 100 })
        pods[17] = try pod(17, ready: false)
        slices.reconcile(try service(), pods)
        #expect(slices.writes == 1)
        pods.append(try pod(250))
        slices.reconcile(try service(), pods)
        #expect(slices.writes == 1)
        pods.removeFirst()
        slices.reconcile(try service(), pods)
        #expect(slices.writes == 1)
        #expect(slices.addresses.count == 250)
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `after any change the slices hold exactly the pods, and then nothing is left to do`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var slices = Slices()
        for _ in 0..<5 {
            let spec =
                #"{"containers":[{"ports":[{"name":"http","containerPort":\#(Int.random(in: 1...2, using: &random))}]}]}"#
            let pods = try (0..<260).shuffled(using: &random).prefix(Int.random(in: 0...260, using: &random)).map {
                try pod($0, ready: Bool.random(using: &random), spec: $0 % 3 == 0 ? spec : "{}")
            }
            let object = try service(#"{"selector":{"app":"x"},"ports":[{"port":80,"targetPort":"http"},{"port":81}]}"#)
            slices.reconcile(object, pods)
            let expected = pods.compactMap { $0["status"]?["podIPs"]?.array?.first?["ip"]?.string }.sorted()
            #expect(slices.addresses == expected, "seed \(seed)")
            #expect(slices.stored.allSatisfy { ($0["endpoints"]?.array?.count ?? 0) <= 100 })
            slices.reconcile(object, pods)
            #expect(slices.writes == 0, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no JSON makes it trap`(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        for _ in 0..<200 {
            _ = EndpointSliceReconciler.desired(
                service: random.mutated(try service()), pods: [random.mutated(try pod(1)), random.object()],
                existing: [random.object()])
        }
    }
}
