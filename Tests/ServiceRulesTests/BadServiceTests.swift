import KubernetesModel
import NetTypes
import Testing

@testable import ServiceRules

/// A fault is one Service's own, and names its field (`TestBadIPs`).
@Suite struct BadServiceTests {
    static let good = [
        Sample.service("good", "172.30.0.9"), Sample.slice("good", [Sample.endpoint("10.180.0.1")]),
    ]

    static let faults: [(String, @Sendable (inout Service) -> Void)] = [
        ("spec.clusterIPs[0]", { $0.spec?.clusterIPs = ["172.30.000.1"] }),
        ("spec.clusterIPs[0]", { $0.spec?.clusterIPs = ["127.0.0.1"] }),
        ("spec.externalIPs[1]", { $0.spec?.externalIPs = ["198.51.100.1", "nonsense"] }),
        ("spec.externalIPs", { $0.spec?.externalIPs = ["2001:db8::1"] }),
        ("spec.ports[0].port", { $0.spec?.ports?[0].port = 70_000 }),
        ("spec.ports[0].protocol", { $0.spec?.ports?[0].protocol = "ICMP" }),
        (
            "spec.ports[0].nodePort",
            {
                $0.spec?.type = "NodePort"
                $0.spec?.ports?[0].nodePort = -1
            }
        ),
        ("spec.internalTrafficPolicy", { $0.spec?.internalTrafficPolicy = "Locale" }),
        ("spec.sessionAffinity", { $0.spec?.sessionAffinity = "Cookie" }),
        (
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
            {
                $0.spec?.sessionAffinity = "ClientIP"
                $0.spec?.sessionAffinityConfig = .init(clientIP: .init(timeoutSeconds: 0))
            }
        ),
        (
            "spec.healthCheckNodePort",
            {
                $0.spec?.type = "LoadBalancer"
                $0.spec?.externalTrafficPolicy = "Local"
                $0.spec?.healthCheckNodePort = 99_999
            }
        ),
    ]

    @Test(arguments: faults.indices) func aFaultyFieldIsNamedAndOtherServicesGoOn(_ index: Int) {
        let (field, change) = Self.faults[index]
        var table = ServiceTable(nodeName: Sample.node)
        let result = table.apply([Sample.node(), Sample.service("bad", "172.30.0.1") { change(&$0) }] + Self.good)
        #expect(table.problems.map(\.field) == [field])
        #expect(result.newProblems.map(\.service.name) == ["bad"])
        #expect(table.outcome(from: "10.180.0.2", to: key("172.30.0.9", 80)) == "10.180.0.1:8080")
    }

    @Test func aQuarantinedServiceIsTakenOutUntilItChanges() {
        var table = ServiceTable(nodeName: Sample.node)
        _ = table.apply([Sample.node()] + Self.good)
        let out = table.quarantine(ServiceID(namespace: "ns", name: "good"), reason: "EINVAL")
        #expect(out.removed.contains { $0.front == key("172.30.0.9", 80) })
        #expect(table.problems.first?.message.contains("EINVAL") == true)
        let back = table.apply([Self.good[0]])
        #expect(back.added.contains { $0.front == key("172.30.0.9", 80) })
        #expect(table.problems.isEmpty)
    }

    @Test func theOlderOfTwoServicesKeepsAnAddress() {
        let claim: (inout Service) -> Void = { $0.spec?.externalIPs = ["198.51.100.1"] }
        let old = Sample.service("old", "172.30.0.1", created: 1) { claim(&$0) }
        let young = Sample.service("a-young", "172.30.0.2", created: 2) { claim(&$0) }
        for order in [[old, young], [young, old]] {
            var table = ServiceTable(nodeName: Sample.node)
            for change in order { _ = table.apply([change]) }
            #expect(table.installed[key("198.51.100.1", 80)]?.origin.service.name == "old")
            #expect(table.problems.map(\.service.name) == ["a-young"])
            _ = table.apply([.service(ServiceID(namespace: "ns", name: "old"), nil)])
            #expect(table.installed[key("198.51.100.1", 80)]?.origin.service.name == "a-young")
            #expect(table.problems.isEmpty)
        }
    }
}
