import KubernetesModel
import NetTypes
import TestSupport
import Testing

@testable import ServiceRules

/// A table that lived through any history holds what one holds that sees the last state only, and the changes that it gave out lead the
/// kernel there.
@Suite struct IncrementalTests {
    struct World {
        var generator: SeededGenerator
        var services: [String: ClusterChange] = [:]
        var slices: [String: ClusterChange] = [:]
        var nodes: [String: ClusterChange] = [:]

        mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &generator)]
        }

        mutating func step() -> ClusterChange {
            let name = pick(["a", "b", "c", "d"])
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                services[name] = nil
                return .service(ServiceID(namespace: "ns", name: name), nil)
            case 1...3:
                let change = service(name)
                services[name] = change
                return change
            case 4:
                let part = pick(["1", "2"])
                slices["\(name)-\(part)"] = nil
                return .slice(namespace: "ns", name: "\(name)-\(part)", nil)
            case 5...8:
                let part = pick(["1", "2"])
                let change = slice(name, part)
                slices["\(name)-\(part)"] = change
                return change
            default:
                let node = pick([Sample.node, "worker-2"])
                let change = Sample.node(
                    node, address: pick(["192.168.0.10", "192.168.0.11"]),
                    pods: [pick(["10.180.0.0/16", "10.181.0.0/16"])],
                    zone: pick([nil, "z1", "z2"]))
                nodes[node] = change
                return change
            }
        }

        mutating func service(_ name: String) -> ClusterChange {
            let type = pick(["ClusterIP", "NodePort", "LoadBalancer"])
            let policies = (pick([nil, "Local"]), pick([nil, "Local"]))
            let affinity = pick([nil, nil, "ClientIP"])
            let external = pick([[], ["198.51.100.1"], ["198.51.100.2"]])
            let ranges = pick([nil, ["10.0.0.0/8"], ["bad"]])
            let clusterIP = pick(["172.30.0.1", "172.30.0.2", "172.30.0.\(name.utf8.reduce(0) { $0 + Int($1) })"])
            let port = Int32(pick([80, 81]))
            let protocolName = pick(["TCP", "UDP"])
            let nodePort = Int32(pick([3001, 3002]))
            return Sample.service(
                name, clusterIP, created: Int64(name.utf8.first ?? 0),
                ports: [Sample.tcp(port, nodePort: nodePort, protocol: protocolName)]
            ) {
                $0.spec?.type = type
                $0.spec?.internalTrafficPolicy = policies.0
                $0.spec?.externalTrafficPolicy = policies.1
                $0.spec?.sessionAffinity = affinity
                $0.spec?.externalIPs = external
                $0.spec?.loadBalancerSourceRanges = ranges
                $0.status = .init(loadBalancer: .init(ingress: [.init(ip: "5.6.7.8")]))
            }
        }

        mutating func slice(_ name: String, _ part: String) -> ClusterChange {
            let endpoints = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                let address = "10.180.0.\(Int.random(in: 1...6, using: &generator))"
                let isReady = pick([true, true, false])
                return Sample.endpoint(
                    address, local: pick([true, false]), ready: isReady, serving: true, terminating: !isReady,
                    zones: pick([[], ["z1"], ["z2"]]))
            }
            return Sample.slice(name, part: part, protocol: pick(["TCP", "UDP"]), endpoints)
        }

        var final: [ClusterChange] { Array(nodes.values) + services.values + slices.values }
    }

    /// The content without the order of slots.
    static func content(_ table: ServiceTable) -> [FrontKey: Front] {
        table.installed.mapValues { front in
            var front = front
            front.wide.sort()
            front.near.sort()
            return front
        }
    }

    @Test(arguments: UInt64(0)..<40) func anyHistoryEndsWhereAFreshStartDoes(seed: UInt64) {
        var world = World(generator: SeededGenerator(seed: seed))
        var table = ServiceTable(nodeName: Sample.node)
        var kernel: Set<RuleElement> = []
        for _ in 0..<60 {
            let change = table.apply((0..<Int.random(in: 1...3, using: &world.generator)).map { _ in world.step() })
            for element in change.removed {
                #expect(kernel.remove(element) != nil, "\(element) is removed but was not there")
            }
            for element in change.added {
                #expect(kernel.insert(element).inserted, "\(element) is added twice")
            }
            #expect(kernel == Set(table.elements))
        }
        var fresh = ServiceTable(nodeName: Sample.node)
        _ = fresh.apply(world.final.shuffled(using: &world.generator))
        #expect(Self.content(fresh) == Self.content(table))
        #expect(fresh.problems == table.problems)
        #expect(table.problemCount == table.problems.count)
        #expect(Set(fresh.elements.filter { $0.front == nil }) == Set(table.elements.filter { $0.front == nil }))
        #expect(fresh.healthChecks == table.healthChecks)
    }

    @Test(arguments: UInt64(0)..<50) func slotsAreFullAndStayersKeepTheirs(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pool = (1...30).map { endpoint("10.180.0.\($0)") }
        let old = Array(pool.shuffled(using: &generator).prefix(Int.random(in: 0...20, using: &generator)))
        let new = Array(pool.shuffled(using: &generator).prefix(Int.random(in: 0...20, using: &generator))).sorted()
        let result = arranged(new, keeping: old)
        #expect(result.sorted() == new)
        guard !old.isEmpty else { return }
        let moved = zip(old, result).filter { old, new in result.contains(old) && old != new }.count
        #expect(moved <= max(0, old.count - new.count))
    }

    @Test func oneEndpointReplacedAmongAThousandTouchesOneSlot() {
        let many = (0..<1000).map { Sample.endpoint("10.180.\($0 / 250).\($0 % 250 + 1)") }
        var table = Sample.table(Sample.service("a", "172.30.0.1"), Sample.slice("a", many))
        let change = table.apply([Sample.slice("a", Array(many.dropFirst()) + [Sample.endpoint("10.180.9.9")])])
        #expect(change.removed.count == 1)
        #expect(change.added.count == 1)
        #expect(table.installed[key("172.30.0.1", 80)]?.wide.count == 1000)
    }

    @Test func anUnchangedObjectChangesNothing() {
        let objects = [
            Sample.service("a", "172.30.0.1"), Sample.slice("a", [Sample.endpoint("10.180.0.1")]), Sample.node(),
        ]
        var table = Sample.table()
        _ = table.apply(objects)
        #expect(table.apply(objects).isEmpty)
    }

    @Test func udpFlowsAreLookedAtOnlyWhereAnEndpointWentOrTheFirstCame() {
        let service = Sample.service("a", "172.30.0.53", ports: [Sample.tcp(53, protocol: "UDP")])
        let (one, two) = (Sample.endpoint("10.180.0.1"), Sample.endpoint("10.180.0.2"))
        let slice = { Sample.slice("a", port: 53, protocol: "UDP", $0) }
        let front = key("172.30.0.53", 53, .udp)
        var table = Sample.table(service)
        #expect(table.apply([slice([one])]).lingering == [front: [endpoint("10.180.0.1", 53)]])
        #expect(table.apply([slice([one, two])]).lingering.isEmpty)
        #expect(table.apply([slice([two])]).lingering == [front: [endpoint("10.180.0.2", 53)]])
        #expect(table.apply([.service(ServiceID(namespace: "ns", name: "a"), nil)]).lingering == [front: []])
    }

    @Test func rememberedClientsAreLookedAtWhereTheirEndpointWent() {
        let service = Sample.service("a", "172.30.0.1") { $0.spec?.sessionAffinity = "ClientIP" }
        let (one, two) = (Sample.endpoint("10.180.0.1"), Sample.endpoint("10.180.0.2"))
        var table = Sample.table(service, Sample.slice("a", [one, two]))
        #expect(table.installed[key("172.30.0.1", 80)]?.wideClass?.chainName == "internal-2-sticky-10800")
        #expect(table.apply([Sample.slice("a", [two])]).affinities.keys.sorted() == [key("172.30.0.1", 80)])
        #expect(table.apply([Sample.slice("a", [one, two])]).affinities.isEmpty)
    }

    @Test func aClassIsReadBackFromItsNumber() {
        for kind in FrontClass.Kind.allCases {
            for (timeout, count) in [(0, 1), (10_800, 4_095), (86_400, 17)] {
                let known = FrontClass(kind: kind, affinityTimeout: UInt32(timeout), count: count)
                #expect(FrontClass(number: known.number) == known)
            }
        }
        #expect(FrontClass(number: 0) == nil)
    }
}
