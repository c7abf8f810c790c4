import DiscoveryProtocol
import TestSupport
import Testing

/// Random changes, answers, delays and broken streams against model proxies.
@Suite struct AnyOrderTests {
    private struct Wanted {
        var clusters: [String: String] = [:]
        var endpoints: [String: String] = [:]
        var parts: [String: (revision: String, clusters: Set<String>)] = [:]
        var revision = 0

        var badClusters: Set<String> { Set(clusters.filter { $0.value.hasPrefix("bad") }.keys) }
    }

    @Test(arguments: 1...100)
    func `no proxy ever routes to a missing or cold cluster, and all end with what is wanted`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var wanted = Wanted()
        var world = Harness()
        world.publish(upserts: [Sample.listener("http", table: "web"), Sample.table("web")])
        let names = ["p", "q"]
        for name in names { world.connect(name) }
        for _ in 0..<400 {
            let name = names[Int.random(in: 0..<2, using: &random)]
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<18: world.publish(change(&wanted, &random))
            case 18..<56: world.deliverRequest(of: name)
            case 56..<94: world.deliverResponse(to: name)
            case 94..<98: world.advance(.milliseconds(Int.random(in: 0..<4000, using: &random)))
            default:
                world.disconnect(name)
                world.connect(name)
            }
            for name in names { world.proxies[name]?.envoy.mayMiss.formUnion(wanted.badClusters) }
        }
        for _ in 0..<4 {
            world.settle()
            world.advance(.seconds(6))
        }
        world.settle()
        for name in names { try verify(world, name, wanted, seed: seed) }
        let status = world.fleet.status
        #expect(status.isCurrent, "seed \(seed): \(status.generation) \(status.proxies.map { ($0.applied, $0.types) })")
    }

    private func change(_ wanted: inout Wanted, _ random: inout SeededGenerator) -> ResourceChange {
        wanted.revision += 1
        let isBad = Int.random(in: 0..<8, using: &random) == 0
        let revision = (isBad ? "bad" : "ok") + "\(wanted.revision)"
        var change = ResourceChange()
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
            let name = "c\(Int.random(in: 0..<6, using: &random))"
            if wanted.clusters[name] == nil {
                wanted.endpoints[name] = "ok\(wanted.revision)"
                change.upserts.append(Sample.endpoints(name, "ok\(wanted.revision)"))
            }
            wanted.clusters[name] = revision
            change.upserts.append(Sample.cluster(name, revision))
        case 2:
            guard let name = wanted.clusters.keys.sorted().randomElement(using: &random) else { break }
            wanted.endpoints[name] = "ok\(wanted.revision)"
            change.upserts.append(Sample.endpoints(name, "ok\(wanted.revision)"))
        case 3:
            guard let name = wanted.clusters.keys.sorted().randomElement(using: &random) else { break }
            wanted.clusters[name] = nil
            wanted.endpoints[name] = nil
            change.removals = [.cluster(name), ResourceName(.clusterLoadAssignment, name)]
            for (key, part) in wanted.parts where part.clusters.contains(name) {
                wanted.parts[key] = nil
                change.parts[.table("web"), default: [:]][key] = ResourcePart??.some(nil)
            }
        default:
            let key = "h\(Int.random(in: 0..<8, using: &random))"
            if Int.random(in: 0..<6, using: &random) == 0 {
                wanted.parts[key] = nil
                change.parts[.table("web")] = [key: nil]
            } else {
                let count = Int.random(in: 0..<3, using: &random)
                let clusters = Set(wanted.clusters.keys.sorted().shuffled(using: &random).prefix(count))
                wanted.parts[key] = (revision, clusters)
                change.parts[.table("web")] = [key: Sample.part(key, revision, to: clusters)]
            }
        }
        return change
    }

    private func verify(_ world: Harness, _ name: String, _ wanted: Wanted, seed: Int) throws {
        let envoy = world.envoy(name)
        #expect(envoy.violations.isEmpty, "seed \(seed)")
        // What a refused response left at the proxy may stay cold as long as an old route refers to it.
        let served = world.fleet.served.resources
        #expect(envoy.warming.keys.filter { served[.cluster($0)] != nil } == [], "seed \(seed)")
        let table = try #require(envoy.tables["web"])
        let bad = wanted.badClusters
        for (key, part) in wanted.parts {
            if part.revision.hasPrefix("bad") {
                #expect(table[key]?.revision != part.revision, "seed \(seed) \(key)")
            } else if part.clusters.isDisjoint(with: bad) {
                #expect(table[key]?.revision == part.revision, "seed \(seed) \(key)")
            }
        }
        for key in table.keys { #expect(wanted.parts[key] != nil, "seed \(seed): \(key) is not wanted") }
        for (cluster, revision) in wanted.clusters where !revision.hasPrefix("bad") {
            #expect(envoy.clusters[cluster]?.revision == revision, "seed \(seed) \(cluster)")
            #expect(envoy.endpoints[cluster]?.revision == wanted.endpoints[cluster], "seed \(seed) \(cluster)")
        }
        let used = Set(table.values.flatMap(\.references).map { String($0.dropFirst(4)) })
        for cluster in envoy.clusters.keys where wanted.clusters[cluster] == nil {
            #expect(used.contains(cluster), "seed \(seed): \(cluster) is neither wanted nor in use")
        }
    }
}
