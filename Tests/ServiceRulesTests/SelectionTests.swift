import KubernetesModel
import NetTypes
import Testing

@testable import ServiceRules

/// Which endpoints serve, by readiness, hints and place (`TestTerminatingEndpointsTrafficPolicy…`, `topology_test.go`).
@Suite struct SelectionTests {
    static let pod = "10.180.0.9"
    static let outside = "203.0.113.7"

    func table(_ endpoints: [EndpointSlice.Endpoint], zone: String? = nil, health: Bool = false) -> ServiceTable {
        var table = ServiceTable(nodeName: Sample.node)
        _ = table.apply([
            Sample.node(zone: zone),
            Sample.service("a", "172.30.0.1", ports: [Sample.tcp(80, nodePort: 3001)]) {
                $0.spec?.type = "LoadBalancer"
                $0.spec?.externalTrafficPolicy = "Local"
                $0.spec?.healthCheckNodePort = 32_000
            },
            Sample.slice("a", port: 80, endpoints),
        ])
        return table
    }

    func wide(_ table: ServiceTable) -> String { table.outcome(from: Self.pod, to: key("172.30.0.1", 80)) }
    func near(_ table: ServiceTable) -> String { table.outcome(from: Self.outside, to: key(Sample.nodeAddress, 3001)) }

    @Test func readyEndpointsWinOverThoseThatTerminate() {
        let table = table([Sample.endpoint("10.180.0.1", local: true), Sample.draining("10.180.0.2", local: true)])
        #expect(wide(table) == "10.180.0.1:80")
        #expect(near(table) == "10.180.0.1:80")
    }

    @Test func eachPolicyFallsBackToTerminatingEndpointsForItself() {
        let table = table([Sample.endpoint("10.180.1.1"), Sample.draining("10.180.0.2", local: true)])
        #expect(wide(table) == "10.180.1.1:80")
        #expect(near(table) == "10.180.0.2:80")
        // A health check must fail although traffic is still answered.
        #expect(table.healthChecks.values.map(\.localEndpoints) == [0])
    }

    @Test func whenAllTerminateThoseThatServeAreUsed() {
        let table = table([
            Sample.draining("10.180.1.1"),
            Sample.endpoint("10.180.1.2", ready: false, serving: false, terminating: true),
        ])
        #expect(wide(table) == "10.180.1.1:80")
        #expect(near(table) == "dropped: none here")
    }

    @Test func healthCheckNodePortCountsReadyEndpointsOfThisNode() {
        let table = table([
            Sample.endpoint("10.180.0.1", local: true), Sample.endpoint("10.180.0.2", local: true),
            Sample.endpoint("10.180.1.1"),
        ])
        #expect(table.healthChecks.values.map(\.localEndpoints) == [2])
    }

    @Test func hintsForThisNodeComeFirstThenHintsForItsZone() {
        let zoned = [
            Sample.endpoint("10.180.0.1", zones: ["a"], nodes: [Sample.node]),
            Sample.endpoint("10.180.0.2", zones: ["a"], nodes: ["worker-2"]),
            Sample.endpoint("10.180.0.3", zones: ["b"], nodes: ["worker-3"]),
        ]
        #expect(wide(table(zoned, zone: "a")) == "10.180.0.1:80")
        #expect(wide(table(Array(zoned.dropFirst()), zone: "a")) == "10.180.0.2:80")
        #expect(wide(table(Array(zoned.dropFirst()), zone: "c")) == "10.180.0.2:80, 10.180.0.3:80")
        #expect(wide(table(Array(zoned.dropFirst()))) == "10.180.0.2:80, 10.180.0.3:80")
    }

    @Test func hintsAreIgnoredWhereOneReadyEndpointHasNone() {
        let endpoints = [Sample.endpoint("10.180.0.1", zones: ["a"]), Sample.endpoint("10.180.0.2")]
        #expect(wide(table(endpoints, zone: "a")) == "10.180.0.1:80, 10.180.0.2:80")
        // One that is not ready does not matter.
        let unready = [Sample.endpoint("10.180.0.1", zones: ["a"]), Sample.endpoint("10.180.0.2", ready: false)]
        #expect(wide(table(unready, zone: "a")) == "10.180.0.1:80")
    }

    @Test func anEndpointThatMovesBetweenSlicesCountsOnceInItsBetterState() {
        var table = table([Sample.endpoint("10.180.0.1", ready: false)])
        _ = table.apply([Sample.slice("a", part: "2", port: 80, [Sample.endpoint("10.180.0.1")])])
        #expect(wide(table) == "10.180.0.1:80")
    }

    @Test func unknownConditionsMeanReady() {
        let table = table([Sample.endpoint("10.180.0.1", ready: nil)])
        #expect(wide(table) == "10.180.0.1:80")
    }

    @Test func notReadyAddressesArePublishedAsTheSliceSays() {
        // With publishNotReadyAddresses the slice itself says ready, even of one that terminates.
        let table = table([Sample.endpoint("10.180.0.1", ready: true, serving: false, terminating: true)])
        #expect(wide(table) == "10.180.0.1:80")
    }
}
