import KubernetesModel
import Testing
import TrafficCompiler

@testable import GatewayController

@Suite struct `The change queue` {
    let shop = ObjectName(namespace: "web", name: "shop")

    @Test func `gives nothing before every kind has synced, then all at once`() async {
        let queue = ChangeQueue(waitingFor: ["secrets", "services"])
        queue.synced("services")
        queue.push([.service(shop, nil)])
        queue.failed("secrets", "cannot list secrets: forbidden")
        #expect(queue.unsynced == ["secrets": "cannot list secrets: forbidden"])
        async let batch = queue.next()
        queue.push([.secret(shop, nil)])
        queue.synced("secrets")
        #expect(await batch == [.service(shop, nil), .secret(shop, nil)])
        queue.failed("secrets", "away again")
        #expect(queue.unsynced.isEmpty)
    }

    @Test func `hands over an empty cluster, once`() async {
        let queue = ChangeQueue(waitingFor: [])
        #expect(await queue.next() == [])
        async let second = queue.next()
        queue.push([.service(shop, nil)])
        #expect(await second == [.service(shop, nil)])
    }

    @Test func `gives a batch when the clock asks for one`() async {
        let queue = ChangeQueue(waitingFor: [])
        _ = await queue.next()
        queue.tick()
        #expect(await queue.next() == [])
    }

    @Test func `ends for a task that is cancelled`() async {
        let queue = ChangeQueue(waitingFor: ["never"])
        let outcome = await withTaskGroup(of: [SourceChange]?.self) { group in
            group.addTask { await queue.next() }
            group.cancelAll()
            return await group.next()
        }
        #expect(outcome == .some(nil))
    }

    @Test func `keeps only the last of many changes of one object, in the order of the last ones`() {
        var pending = PendingChanges()
        let other = ObjectName(namespace: "web", name: "other")
        pending.add(.service(other, nil))
        for number in 0..<5000 {
            pending.add(.endpointSlice(ObjectName(namespace: "web", name: "slice-\(number % 3)"), nil))
            #expect(pending.changes.count <= 1024)
        }
        #expect(pending.changes.first == .service(other, nil))
        #expect(pending.take().count <= 1024)
        #expect(pending.changes.isEmpty)
    }
}
