import KubernetesModel
import NetTypes
import Testing

@testable import ServiceRules

/// Which addresses a Service answers, and what it says there. Names follow kube-proxy's own tests.
@Suite struct FrontTests {
    static let pod = "10.180.0.2"
    static let outside = "203.0.113.7"
    static let ready = [Sample.endpoint("10.180.0.1", local: true), Sample.endpoint("10.180.1.1")]

    @Test func clusterIPGeneral() {
        let table = Sample.table(
            Sample.service("a", "172.30.0.1", ports: [Sample.tcp(80, name: "http"), Sample.tcp(443, name: "https")]),
            Sample.slice(
                "a", part: "1", port: 8080, portName: "http",
                [Sample.endpoint("10.180.0.1"), Sample.endpoint("10.180.0.3")]),
            // A named targetPort may be another number on another pod: another slice.
            Sample.slice("a", part: "2", port: 8081, portName: "http", [Sample.endpoint("10.180.0.4")]),
            Sample.slice("a", part: "3", port: 8443, portName: "https", [Sample.endpoint("10.180.0.1")]))
        #expect(
            table.outcome(from: Self.pod, to: key("172.30.0.1", 80))
                == "10.180.0.1:8080, 10.180.0.3:8080, 10.180.0.4:8081")
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.1", 443)) == "10.180.0.1:8443")
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.1", 81)) == "rejected: no port")
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.1", 80, .udp)) == "rejected: no port")
        #expect(table.outcome(from: Self.outside, to: key("172.30.0.1", 80)) == "dropped: outside")
        #expect(table.outcome(from: Self.pod, to: key("10.180.0.1", 80)) == "untouched")
    }

    @Test func noEndpointsReject() {
        let table = Sample.table(
            Sample.service("a", "172.30.0.1", ports: [Sample.tcp(80, nodePort: 3001)]) {
                $0.spec?.type = "NodePort"
                $0.spec?.externalIPs = ["198.51.100.1"]
            },
            Sample.slice("a", [Sample.endpoint("10.180.0.1", ready: false)]))
        for destination in [key("172.30.0.1", 80), key(Sample.nodeAddress, 3001), key("198.51.100.1", 80)] {
            #expect(table.outcome(from: Self.pod, to: destination) == "rejected: no endpoints")
        }
        #expect(table.elements.contains(.rejected(key("172.30.0.1", 80))))
    }

    @Test func aLocalPolicyWithoutLocalEndpointsIsSilent() {
        let remote = [Sample.endpoint("10.180.1.1")]
        let table = Sample.table(
            Sample.service("in", "172.30.0.1") { $0.spec?.internalTrafficPolicy = "Local" }, Sample.slice("in", remote),
            Sample.service("out", "172.30.0.2", ports: [Sample.tcp(80, nodePort: 3002)]) {
                $0.spec?.type = "NodePort"
                $0.spec?.externalTrafficPolicy = "Local"
            }, Sample.slice("out", remote),
            Sample.service("none", "172.30.0.3") { $0.spec?.internalTrafficPolicy = "Local" })
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.1", 80)) == "dropped: none here")
        #expect(table.outcome(from: Self.outside, to: key(Sample.nodeAddress, 3002)) == "dropped: none here")
        #expect(table.outcome(from: Self.pod, to: key(Sample.nodeAddress, 3002)) == "10.180.1.1:8080")
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.3", 80)) == "rejected: no endpoints")
    }

    @Test func loadBalancerSourceRanges() {
        let table = Sample.table(
            Sample.service("a", "172.30.0.1", ports: [Sample.tcp(80, nodePort: 3001)]) {
                $0.spec?.type = "LoadBalancer"
                $0.spec?.loadBalancerSourceRanges = [" 203.0.113.0/25 ", "192.168.0.0/24"]
                $0.status = .init(loadBalancer: .init(ingress: [.init(ip: "5.6.7.8")]))
            }, Sample.slice("a", Self.ready))
        let lb = key("5.6.7.8", 80)
        #expect(table.outcome(from: "203.0.113.7", to: lb).hasSuffix("masq"))
        #expect(table.outcome(from: "203.0.113.200", to: lb) == "dropped: source")
        // By design the NodePort is open, as kube-proxy has it.
        #expect(table.outcome(from: "203.0.113.200", to: key(Sample.nodeAddress, 3001)).hasSuffix("masq"))
        // A range that holds the node lets in the address itself.
        #expect(table.outcome(from: "5.6.7.8", to: lb, isNode: true).hasSuffix("masq"))
    }

    @Test func aFaultySourceRangeLetsNobodyIn() {
        let table = Sample.table(
            Sample.service("a", "172.30.0.1") {
                $0.spec?.type = "LoadBalancer"
                $0.spec?.loadBalancerSourceRanges = ["203.0.113.0/33"]
                $0.status = .init(loadBalancer: .init(ingress: [.init(ip: "5.6.7.8")]))
            }, Sample.slice("a", Self.ready))
        #expect(table.outcome(from: "203.0.113.7", to: key("5.6.7.8", 80)) == "dropped: source")
        #expect(table.problems.map(\.field) == ["spec.loadBalancerSourceRanges[0]"])
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.1", 80)).hasPrefix("10.180"))
    }

    @Test(arguments: [("VIP", true), (nil, true), ("Proxy", false)] as [(String?, Bool)])
    func loadBalancerIngressRouteTypeProxy(_ mode: String?, isOurs: Bool) {
        let table = Sample.table(
            Sample.service("a", "172.30.0.1") {
                $0.spec?.type = "LoadBalancer"
                $0.status = .init(loadBalancer: .init(ingress: [.init(ip: "5.6.7.8", ipMode: mode)]))
            }, Sample.slice("a", Self.ready))
        #expect((table.outcome(from: Self.pod, to: key("5.6.7.8", 80)) != "untouched") == isOurs)
    }

    @Test func nodePorts() {
        var table = Sample.table(
            Sample.service("a", "172.30.0.1", "fd00::1", ports: [Sample.tcp(80, nodePort: 3001)]) {
                $0.spec?.type = "NodePort"
            },
            Sample.slice("a", Self.ready), Sample.slice("a", part: "6", family: "IPv6", [Sample.endpoint("fd01::1")]))
        #expect(table.outcome(from: Self.outside, to: key(Sample.nodeAddress, 3001)).hasSuffix("masq"))
        #expect(table.outcome(from: "127.0.0.1", to: key("127.0.0.1", 3001), isNode: true) == "untouched")
        // Told other addresses, the ports move there; loopback never answers.
        let change = table.apply([.nodePortAddresses(["10.9.9.9", "127.0.0.1", "fd02::9"].map { address($0) })])
        #expect(change.removed.contains { $0.front == key(Sample.nodeAddress, 3001) })
        #expect(table.outcome(from: Self.outside, to: key("10.9.9.9", 3001)).hasSuffix("masq"))
        #expect(table.outcome(from: "fd03::1", to: key("fd02::9", 3001)) == "[fd01::1]:8080 masq")
        #expect(table.outcome(from: "127.0.0.1", to: key("127.0.0.1", 3001), isNode: true) == "untouched")
    }

    @Test func unallocatedServiceAddresses() {
        var table = Sample.table(Sample.service("a", "172.30.0.1"), Sample.slice("a", Self.ready))
        _ = table.apply([.serviceRanges([range("172.30.0.0/16")])])
        #expect(table.outcome(from: Self.pod, to: key("172.30.9.9", 80)) == "rejected: no service")
        #expect(table.outcome(from: Self.outside, to: key("172.30.9.9", 80)) == "dropped: outside")
    }

    @Test func everyProtocolHasItsOwnFront() {
        let table = Sample.table(
            Sample.service(
                "dns", "172.30.0.53",
                ports: [
                    Sample.tcp(53, name: "tcp"), Sample.tcp(53, name: "udp", protocol: "UDP"),
                    Sample.tcp(53, name: "sctp", protocol: "SCTP"),
                ]),
            Sample.slice("dns", part: "1", port: 5301, portName: "tcp", [Sample.endpoint("10.180.0.1")]),
            Sample.slice(
                "dns", part: "2", port: 5302, portName: "udp", protocol: "UDP", [Sample.endpoint("10.180.0.1")]),
            Sample.slice(
                "dns", part: "3", port: 5303, portName: "sctp", protocol: "SCTP", [Sample.endpoint("10.180.0.1")]))
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.53", 53)) == "10.180.0.1:5301")
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.53", 53, .udp)) == "10.180.0.1:5302")
        #expect(table.outcome(from: Self.pod, to: key("172.30.0.53", 53, .sctp)) == "10.180.0.1:5303")
    }

    @Test func someServicesAreNotOurs() {
        let table = Sample.table(
            Sample.service("external", "") { $0.spec?.type = "ExternalName" },
            Sample.service("headless", "None"),
            Sample.service("other-proxy", "172.30.0.2") {
                $0.metadata.labels = ["service.kubernetes.io/service-proxy-name": "mine"]
            },
            Sample.service("labelled-headless", "172.30.0.3") {
                $0.metadata.labels = ["service.kubernetes.io/headless": ""]
            },
            Sample.service("pending", ""))
        #expect(table.installed.isEmpty && table.problems.isEmpty)
    }

    @Test func hairpinElementsNameThisNodesEndpointsOnce() {
        var table = Sample.table(
            Sample.service("a", "172.30.0.1"), Sample.slice("a", Self.ready), Sample.service("b", "172.30.0.2"),
            Sample.slice("b", Self.ready))
        #expect(table.elements.filter { $0 == .hairpin(address("10.180.0.1")) }.count == 1)
        #expect(!table.elements.contains(.hairpin(address("10.180.1.1"))))
        let first = table.apply([.service(ServiceID(namespace: "ns", name: "a"), nil)])
        #expect(!first.removed.contains(.hairpin(address("10.180.0.1"))))
        let second = table.apply([.service(ServiceID(namespace: "ns", name: "b"), nil)])
        #expect(second.removed.contains(.hairpin(address("10.180.0.1"))))
        #expect(table.elements == [.podRange(range(Sample.podRange))])
    }
}
