import KubernetesModel
import Testing

@testable import ServiceRules

/// kube-proxy's `TestInternalExternalMasquerade`: three Services, three clients, three ways in. Its three cells from outside to a
/// ClusterIP are the ones where Fairway differs on purpose: a ClusterIP is unreachable from outside the cluster.
@Suite struct MasqueradeTests {
    static let pod = "10.180.0.2"
    static let outside = "203.0.113.7"
    static let both = "10.180.0.1:80, 10.180.1.1:80"
    static let own = "10.180.0.1:80"

    struct Case: Sendable, CustomTestStringConvertible {
        var client: String
        var way: String
        var service: Int
        var expected: String
        var testDescription: String { "\(client) to \(way) of svc\(service)" }
    }

    static func cases(_ service: Int, _ rows: [(String, String, String)]) -> [Case] {
        rows.map { Case(client: $0.0, way: $0.1, service: service, expected: $0.2) }
    }

    static let all: [Case] =
        cases(
            1,
            [
                ("pod", "ClusterIP", both), ("pod", "NodePort", "\(both) masq"), ("pod", "LB", "\(both) masq"),
                ("node", "ClusterIP", "\(both) masq"), ("node", "NodePort", "\(both) masq"),
                ("node", "LB", "\(both) masq"),
                ("outside", "ClusterIP", "dropped: outside"), ("outside", "NodePort", "\(both) masq"),
                ("outside", "LB", "\(both) masq"),
            ])
        + cases(
            2,
            [
                ("pod", "ClusterIP", both), ("pod", "NodePort", both), ("pod", "LB", both),
                ("node", "ClusterIP", "\(both) masq"), ("node", "NodePort", "\(both) masq"),
                ("node", "LB", "\(both) masq"),
                ("outside", "ClusterIP", "dropped: outside"), ("outside", "NodePort", own), ("outside", "LB", own),
            ])
        + cases(
            3,
            [
                ("pod", "ClusterIP", own), ("pod", "NodePort", "\(both) masq"), ("pod", "LB", "\(both) masq"),
                ("node", "ClusterIP", "\(own) masq"), ("node", "NodePort", "\(both) masq"),
                ("node", "LB", "\(both) masq"),
                ("outside", "ClusterIP", "dropped: outside"), ("outside", "NodePort", "\(both) masq"),
                ("outside", "LB", "\(both) masq"),
            ])

    static var table: ServiceTable {
        var changes: [ClusterChange] = [Sample.node()]
        for number in 1...3 {
            changes.append(
                Sample.service(
                    "svc\(number)", "172.30.1.\(number)",
                    ports: [Sample.tcp(80, name: "p80", nodePort: 3000 + Int32(number))]
                ) { service in
                    service.spec?.type = "LoadBalancer"
                    service.status = .init(loadBalancer: .init(ingress: [.init(ip: "5.6.7.\(number)")]))
                    if number == 2 { service.spec?.externalTrafficPolicy = "Local" }
                    if number == 3 { service.spec?.internalTrafficPolicy = "Local" }
                })
            changes.append(
                Sample.slice(
                    "svc\(number)", port: 80, portName: "p80",
                    [Sample.endpoint("10.180.0.1", local: true), Sample.endpoint("10.180.1.1")]))
        }
        var table = ServiceTable(nodeName: Sample.node)
        _ = table.apply(changes)
        return table
    }

    @Test(arguments: all) func aClientReachesTheEndpointsAndIsHiddenAsKubeProxyDoes(_ test: Case) {
        let source = ["pod": Self.pod, "node": Sample.nodeAddress, "outside": Self.outside][test.client]!
        let destination =
            switch test.way {
            case "ClusterIP": key("172.30.1.\(test.service)", 80)
            case "NodePort": key(Sample.nodeAddress, 3000 + UInt16(test.service))
            default: key("5.6.7.\(test.service)", 80)
            }
        #expect(Self.table.outcome(from: source, to: destination) == test.expected)
    }

    @Test func theTableHas27Cells() {
        #expect(Self.all.count == 27)
    }
}
