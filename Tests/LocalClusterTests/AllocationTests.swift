import KubernetesModel
import NetTypes
import TestSupport
import Testing

@testable import LocalCluster

private func service(_ spec: String, name: String = "s") throws -> JSONValue {
    Admission.defaulted(
        try json(#"{"metadata":{"name":"\#(name)","namespace":"n"},"spec":\#(spec)}"#), resource: Kinds.service)
}

/// As the server writes: defaults, inheritance, allocation.
private func write(
    _ allocator: inout ServiceAllocator, _ spec: String, old: JSONValue? = nil
) throws -> JSONValue {
    var object = try service(spec)
    if let old { object = ServiceAllocator.inheriting(object, from: old) }
    return try allocator.allocate(object, old: old)
}

@Suite struct AllocationTests {
    @Test func `a Service gets one address of the first family`() throws {
        var allocator = ServiceAllocator()
        let object = try write(&allocator, #"{"ports":[{"port":80}]}"#)
        #expect(object["spec"]?["clusterIP"] == "10.96.1.1")
        #expect(object["spec"]?["clusterIPs"] == ["10.96.1.1"])
        #expect(object["spec"]?["ipFamilies"] == ["IPv4"])
        #expect(object["spec"]?["ipFamilyPolicy"] == "SingleStack")
        let next = try write(&allocator, #"{"ports":[{"port":80}]}"#)
        #expect(next["spec"]?["clusterIP"] == "10.96.1.2")
    }

    @Test(arguments: [
        (#"{"ports":[{"port":1}],"ipFamilyPolicy":"PreferDualStack"}"#, ["IPv4", "IPv6"], 2),
        (#"{"ports":[{"port":1}],"ipFamilyPolicy":"RequireDualStack","ipFamilies":["IPv6"]}"#, ["IPv6", "IPv4"], 2),
        (#"{"ports":[{"port":1}],"ipFamilies":["IPv6"]}"#, ["IPv6"], 1),
        (#"{"ports":[{"port":1}],"ipFamilies":["IPv6","IPv4"]}"#, ["IPv6", "IPv4"], 2),
        (#"{"ports":[{"port":1}],"clusterIP":"fd00:10:96::9"}"#, ["IPv6"], 1),
    ])
    func `families follow policy and wishes`(spec: String, families: [String], count: Int) throws {
        var allocator = ServiceAllocator()
        let object = try write(&allocator, spec)
        #expect(object["spec"]?["ipFamilies"] == .array(families.map(JSONValue.string)))
        let addresses = (object["spec"]?["clusterIPs"]?.array ?? []).compactMap { IPAddress($0.string ?? "") }
        #expect(addresses.map { $0.family == .v4 ? "IPv4" : "IPv6" } == families)
        #expect(allocator.takenCounts.addresses == count)
    }

    @Test func `headless and external names hold no address`() throws {
        var allocator = ServiceAllocator()
        let headless = try write(&allocator, #"{"ports":[{"port":1}],"clusterIP":"None","selector":{"a":"b"}}"#)
        #expect(headless["spec"]?["clusterIPs"] == ["None"])
        #expect(headless["spec"]?["ipFamilies"] == ["IPv4"])
        let free = try write(&allocator, #"{"ports":[{"port":1}],"clusterIP":"None"}"#)
        #expect(free["spec"]?["ipFamilyPolicy"] == "RequireDualStack")
        let external = try write(&allocator, #"{"type":"ExternalName","externalName":"a.b"}"#)
        #expect(external["spec"]?["clusterIP"] == nil)
        #expect(allocator.takenCounts.addresses == 0)
    }

    @Test func `what was asked for is given, or refused in the real server's words`() throws {
        var allocator = ServiceAllocator()
        let object = try write(&allocator, #"{"ports":[{"port":1}],"clusterIP":"10.96.0.10"}"#)
        #expect(object["spec"]?["clusterIPs"] == ["10.96.0.10"])
        let clash = #expect(throws: APIFailure.self) {
            try write(&allocator, #"{"ports":[{"port":1}],"clusterIP":"10.96.0.10"}"#)
        }
        #expect(
            clash?.message == #"Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to "#
                + "allocate IP 10.96.0.10: provided IP is already allocated")
        let outside = #expect(throws: APIFailure.self) {
            try write(&allocator, #"{"ports":[{"port":1}],"clusterIP":"10.97.0.1"}"#)
        }
        #expect(
            outside?.message.hasSuffix(
                "the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16") == true
        )
        #expect(outside?.code == 422)
    }

    @Test func `node ports are given, kept over updates, and freed with the type`() throws {
        var allocator = ServiceAllocator()
        let first = try write(&allocator, #"{"type":"NodePort","ports":[{"port":80}]}"#)
        let number = try #require(first["spec"]?["ports"]?.array?.first?["nodePort"]?.integer)
        #expect((30_000...32_767).contains(number))
        let again = try write(&allocator, #"{"type":"NodePort","ports":[{"port":80,"name":"x"}]}"#, old: first)
        #expect(again["spec"]?["ports"]?.array?.first?["nodePort"] == .integer(number))
        #expect(again["spec"]?["clusterIP"] == first["spec"]?["clusterIP"])
        // The same object with only its type changed, as `kubectl edit` sends it.
        var edited = again
        edited["spec"]?["type"] = "ClusterIP"
        let plain = try allocator.allocate(ServiceAllocator.inheriting(edited, from: again), old: again)
        #expect(plain["spec"]?["ports"]?.array?.first?["nodePort"] == nil)
        #expect(plain["spec"]?["externalTrafficPolicy"] == nil)
        #expect(allocator.takenCounts == (1, 0))
    }

    @Test func `one port over two protocols gets one node port, others clash`() throws {
        var allocator = ServiceAllocator()
        let dns = try write(
            &allocator,
            #"{"type":"NodePort","ports":[{"port":53,"name":"a"},{"port":53,"name":"b","protocol":"UDP"}]}"#)
        let ports = (dns["spec"]?["ports"]?.array ?? []).compactMap { $0["nodePort"] }
        #expect(ports.count == 2 && ports[0] == ports[1])
        let number = try #require(ports.first?.integer)
        let failure = #expect(throws: APIFailure.self) {
            try write(&allocator, #"{"type":"NodePort","ports":[{"port":1,"nodePort":\#(number)}]}"#)
        }
        #expect(
            failure?.message
                == "Service \"s\" is invalid: spec.ports[0].nodePort: Invalid value: \(number): provided port is already allocated"
        )
        // The address taken for the refused Service is free again.
        #expect(allocator.takenCounts == (1, 1))
        let outside = #expect(throws: APIFailure.self) {
            try write(&allocator, #"{"type":"NodePort","ports":[{"port":1,"nodePort":80}]}"#)
        }
        #expect(outside?.message.hasSuffix("The range of valid ports is 30000-32767") == true)
    }

    @Test func `a load balancer with local traffic gets a health check port`() throws {
        var allocator = ServiceAllocator()
        let object = try write(
            &allocator, #"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}"#)
        #expect((object["spec"]?["healthCheckNodePort"]?.integer ?? 0) >= 30_000)
        #expect(allocator.takenCounts == (1, 2))
        var edited = object
        edited["spec"]?["externalTrafficPolicy"] = "Cluster"
        edited = try allocator.allocate(ServiceAllocator.inheriting(edited, from: object), old: object)
        #expect(edited["spec"]?["healthCheckNodePort"] == nil)
        #expect(allocator.takenCounts == (1, 1))
        allocator.release(edited)
        #expect(allocator.takenCounts == (0, 0))
    }

    @Test func `a load balancer may go without node ports`() throws {
        var allocator = ServiceAllocator()
        let object = try write(
            &allocator, #"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}"#)
        #expect(object["spec"]?["ports"]?.array?.first?["nodePort"] == nil)
    }

    @Test func `becoming an external name frees the address`() throws {
        var allocator = ServiceAllocator()
        let object = try write(&allocator, #"{"ports":[{"port":80}]}"#)
        var edited = object
        edited["spec"]?["type"] = "ExternalName"
        edited["spec"]?["externalName"] = "a.b"
        edited = try allocator.allocate(ServiceAllocator.inheriting(edited, from: object), old: object)
        #expect(edited["spec"]?["clusterIP"] == nil)
        #expect(Admission.validate(edited, old: object, resource: Kinds.service).map(\.description) == [])
        #expect(allocator.takenCounts == (0, 0))
    }

    @Test func `going dual stack and back keeps the first address`() throws {
        var allocator = ServiceAllocator()
        let single = try write(&allocator, #"{"ports":[{"port":80}]}"#)
        let dual = try write(&allocator, #"{"ports":[{"port":80}],"ipFamilyPolicy":"PreferDualStack"}"#, old: single)
        #expect(dual["spec"]?["clusterIPs"]?.array?.count == 2)
        #expect(dual["spec"]?["clusterIP"] == single["spec"]?["clusterIP"])
        let back = try write(&allocator, #"{"ports":[{"port":80}],"ipFamilyPolicy":"SingleStack"}"#, old: dual)
        #expect(back["spec"]?["clusterIPs"] == single["spec"]?["clusterIPs"])
        #expect(allocator.takenCounts.addresses == 1)
    }

    @Test func `a full range says so`() throws {
        let range = try #require(AddressRange("10.0.0.0/30"))
        var allocator = ServiceAllocator(.init(ranges: [range], nodePorts: 30_000...30_000))
        _ = try write(&allocator, #"{"type":"NodePort","ports":[{"port":80}]}"#)
        let ports = #expect(throws: APIFailure.self) {
            try write(&allocator, #"{"type":"NodePort","ports":[{"port":80}]}"#)
        }
        #expect(ports?.message == "Internal error occurred: failed to allocate a nodePort: range is full")
        _ = try write(&allocator, #"{"ports":[{"port":80}]}"#)
        let addresses = #expect(throws: APIFailure.self) { try write(&allocator, #"{"ports":[{"port":80}]}"#) }
        #expect(addresses?.code == 500)
        let dual = #expect(throws: APIFailure.self) {
            try write(&allocator, #"{"ports":[{"port":80}],"ipFamilyPolicy":"RequireDualStack"}"#)
        }
        #expect(dual?.message.contains("not configured for dual-stack services") == true)
    }

    @Test func `ranges count and number their addresses`() throws {
        let small = try #require(AddressRange("192.168.1.0/29"))
        #expect(
            (0..<small.count).map { small.address($0).description }.joined(separator: " ")
                == "192.168.1.1 192.168.1.2 192.168.1.3 192.168.1.4 192.168.1.5 192.168.1.6")
        for number in 0..<small.count { #expect(small.number(of: small.address(number)) == number) }
        for outside in ["192.168.1.0", "192.168.1.7", "192.168.0.255", "::1"] {
            #expect(small.number(of: try #require(IPAddress(outside))) == nil)
        }
        let wide = try #require(AddressRange("fd00::/64"))
        #expect(wide.number(of: try #require(IPAddress("fd00::ffff"))) == 65_534)
        #expect(wide.number(of: try #require(IPAddress("fd00::1:0"))) == nil)
        for bad in ["10.0.0.1/24", "10.0.0.0/31", "10.0.0.0", "x/8", "::/0", "10.0.0.0/-1"] {
            #expect(AddressRange(bad) == nil, "\(bad)")
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `no number is ever held twice, and rebuilding gives the same`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let configuration = ServiceAllocator.Configuration(
            ranges: ["10.0.0.0/27", "fd00::/123"].compactMap(AddressRange.init), nodePorts: 30_000...30_019,
            seed: Int(seed))
        var allocator = ServiceAllocator(configuration)
        var stored: [Int: JSONValue] = [:]
        for step in 0..<200 {
            let id = Int.random(in: 0..<16, using: &random)
            if let object = stored[id], Int.random(in: 0..<4, using: &random) == 0 {
                allocator.release(object)
                stored[id] = Optional.none
                continue
            }
            let type = ["ClusterIP", "NodePort", "LoadBalancer"].randomElement(using: &random) ?? ""
            let policy = ["SingleStack", "PreferDualStack"].randomElement(using: &random) ?? ""
            let extra =
                Bool.random(using: &random) ? #","nodePort":\#(30_000 + Int.random(in: 0..<20, using: &random))"# : ""
            let port = type == "ClusterIP" ? "" : extra
            let local =
                Bool.random(using: &random) && type == "LoadBalancer" ? #","externalTrafficPolicy":"Local""# : ""
            let spec = #"{"type":"\#(type)","ipFamilyPolicy":"\#(policy)","ports":[{"port":80\#(port)}]\#(local)}"#
            if let object = try? write(&allocator, spec, old: stored[id]) { stored[id] = object }

            let claims = stored.values.map { ServiceAllocator.Claims(of: $0) }
            let addresses = claims.flatMap(\.addresses)
            let ports = claims.flatMap(\.ports)
            #expect(Set(addresses).count == addresses.count, "seed \(seed) step \(step)")
            #expect(Set(ports).count == ports.count, "seed \(seed) step \(step)")
            #expect(allocator.takenCounts == (addresses.count, ports.count), "seed \(seed) step \(step)")
        }
        var rebuilt = ServiceAllocator(configuration)
        rebuilt.rebuild(from: Array(stored.values))
        #expect(rebuilt.takenCounts == allocator.takenCounts)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no JSON makes it trap`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        var allocator = ServiceAllocator()
        for _ in 0..<300 {
            let old: JSONValue = ["spec": random.object(depth: 3)]
            let new = random.mutated(["spec": random.object(depth: 3)])
            let object = ServiceAllocator.inheriting(new, from: old)
            if let result = try? allocator.allocate(object, old: old) { allocator.revert(result, to: old) }
            allocator.release(new)
        }
        allocator.rebuild(from: [random.object(), random.value()])
    }
}
