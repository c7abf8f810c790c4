import KubernetesModel
import Testing

@testable import GatewayController

@Suite struct `Ingress status` {
    let shop = ObjectName(namespace: "web", name: "shop")
    let point = Ingress.Status.Point(ip: "192.0.2.1")

    func ingress(_ points: [Ingress.Status.Point] = [], uid: String? = nil) -> Ingress {
        Ingress(
            metadata: ObjectMeta(name: "shop", namespace: "web", uid: uid),
            status: points.isEmpty ? nil : .init(loadBalancer: .init(ingress: points)))
    }

    func leader() -> IngressStatusMachine {
        var machine = IngressStatusMachine(points: [point])
        machine.leadershipChanged(true)
        return machine
    }

    @Test func `is written only after proxies acknowledged the plan`() {
        var machine = leader()
        machine.observed(shop, ingress())
        machine.accepted(shop, in: 7)
        machine.applied(6)
        #expect(machine.due().isEmpty)
        machine.applied(7)
        #expect(machine.due() == [.init(name: shop, points: [point])])
    }

    @Test func `is not written again while a write is in flight, nor when it stands already`() {
        var machine = leader()
        machine.observed(shop, ingress())
        machine.accepted(shop, in: 1)
        machine.applied(1)
        let write = machine.due()[0]
        #expect(machine.due().isEmpty)
        machine.finished(write, succeeded: true)
        machine.observed(shop, ingress([point]))
        #expect(machine.due().isEmpty)
    }

    @Test func `is tried again after a failure`() {
        var machine = leader()
        machine.observed(shop, ingress())
        machine.accepted(shop, in: 1)
        machine.applied(1)
        machine.finished(machine.due()[0], succeeded: false)
        machine.observed(ObjectName(namespace: "web", name: "other"), ingress())
        #expect(machine.due().isEmpty)
        machine.retry()
        #expect(machine.due().count == 1)
    }

    @Test func `is written back when somebody else changes it`() {
        var machine = leader()
        machine.accepted(shop, in: 1)
        machine.applied(1)
        machine.observed(shop, ingress([.init(ip: "203.0.113.9")]))
        #expect(machine.due() == [.init(name: shop, points: [point])])
    }

    @Test func `is withdrawn when the object leaves us, also if an earlier process wrote it`() {
        var machine = leader()
        machine.observed(shop, ingress([point]))
        machine.accepted(shop, in: 1)
        machine.applied(1)
        #expect(machine.due().isEmpty)
        machine.released(shop)
        #expect(machine.due() == [.init(name: shop, points: [])])
    }

    @Test func `of an object that was never ours is left alone`() {
        var machine = leader()
        machine.observed(shop, ingress([.init(ip: "203.0.113.9")]))
        machine.released(shop)
        #expect(machine.due().isEmpty)
    }

    @Test func `is written by the leader only, who catches up when elected`() {
        var machine = IngressStatusMachine(points: [point])
        machine.observed(shop, ingress())
        machine.accepted(shop, in: 1)
        machine.applied(1)
        #expect(machine.due().isEmpty)
        machine.leadershipChanged(true)
        #expect(machine.due().count == 1)
    }

    @Test func `of an object that was made anew is written to the new one, whatever comes of the old one's write`() {
        var machine = leader()
        machine.observed(shop, ingress(uid: "old"))
        machine.accepted(shop, in: 1)
        machine.applied(1)
        let write = machine.due()[0]
        #expect(write.uid == "old")
        machine.observed(shop, ingress(uid: "new"))
        machine.accepted(shop, in: 1)
        machine.finished(write, succeeded: true)
        #expect(machine.due() == [.init(name: shop, uid: "new", points: [point])])
    }

    @Test func `of an object that the watch deletes before the plan does is forgotten`() {
        var machine = leader()
        machine.accepted(shop, in: 1)
        machine.released(shop)
        #expect(machine.due().isEmpty)
    }

    @Test func `of a deleted object is forgotten`() {
        var machine = leader()
        machine.observed(shop, ingress())
        machine.accepted(shop, in: 1)
        machine.observed(shop, nil)
        machine.applied(1)
        #expect(machine.due().isEmpty)
    }
}
