import KubernetesClient
import KubernetesModel
import KubernetesStore
import NetTypes
import Testing

@testable import NodeAgent

@Suite
struct ClusterNewsTests {
    private enum Kind: CaseIterable { case nodes, services, slices }

    private static let orders: [[Kind]] = Kind.allCases.flatMap { first in
        Kind.allCases.filter { $0 != first }.map { second in
            [first, second] + Kind.allCases.filter { $0 != first && $0 != second }
        }
    }

    private static let node = change(Node(metadata: ObjectMeta(name: "a")))
    private static let service = change(Service(metadata: ObjectMeta(name: "web", namespace: "default")))
    private static let slice: ObjectChange<EndpointSlice> = {
        var metadata = ObjectMeta(name: "web-1", namespace: "default")
        metadata.annotations = [EndpointSlice.triggerTimeAnnotation: "2026-01-02T03:04:05Z"]
        return change(EndpointSlice(metadata: metadata))
    }()

    private static func change<O: KubernetesObject>(_ object: O) -> ObjectChange<O> {
        ObjectChange(name: object.objectName, old: nil, new: object)
    }

    private func tell(_ kind: Kind, to pending: inout PendingNews) {
        switch kind {
        case .nodes: pending.told(ReflectorOutput<Node>.synced([Self.node]))
        case .services: pending.told(ReflectorOutput<Service>.synced([Self.service]))
        case .slices: pending.told(ReflectorOutput<EndpointSlice>.synced([Self.slice]))
        }
    }

    @Test(arguments: 0..<6, [false, true])
    func `whatever the order of the lists, everything comes once and Services last`(order: Int, taking: Bool) throws {
        var pending = PendingNews()
        var taken: [ClusterNews] = []
        for kind in Self.orders[order] {
            tell(kind, to: &pending)
            // The consumer may look after each list, or be late.
            if taking, let news = pending.take() { taken.append(news) }
        }
        if let news = pending.take() { taken.append(news) }
        #expect(taken.flatMap(\.nodes).count == 1)
        #expect(taken.flatMap(\.services).count == 1)
        #expect(taken.flatMap(\.slices).count == 1)
        #expect(taken.allSatisfy { $0.isComplete || $0.services.isEmpty && $0.slices.isEmpty })
        let last = try #require(taken.last)
        #expect(last.isComplete)
        #expect(pending.take() == nil)
    }

    @Test
    func `an empty cluster is complete too`() {
        var pending = PendingNews()
        pending.told(ReflectorOutput<Node>.synced([]))
        pending.told(ReflectorOutput<Service>.synced([]))
        pending.told(ReflectorOutput<EndpointSlice>.synced([]))
        let news = pending.take()
        #expect(news?.isComplete == true)
    }

    @Test
    func `only slices that change after the first lists tell how late we are`() {
        var pending = PendingNews()
        for kind in Kind.allCases { tell(kind, to: &pending) }
        let listed = pending.take()?.slices.first?.new
        #expect(listed != nil && listed?.metadata.annotations == nil)
        pending.told(ReflectorOutput<EndpointSlice>.changed([Self.slice]))
        let changed = pending.take()?.slices.first?.new
        #expect(changed?.metadata.annotations?.count == 1)
    }

    @Test
    func `a connection counts when all three kinds have it`() {
        var pending = PendingNews()
        #expect(pending.isConnected)
        let error = KubernetesError(.transport, operation: "watch", subject: "nodes", message: "gone")
        pending.told(ReflectorOutput<Node>.disconnected(error))
        pending.told(ReflectorOutput<Service>.disconnected(error))
        pending.told(ReflectorOutput<Node>.connected)
        #expect(!pending.isConnected)
        pending.told(ReflectorOutput<Service>.connected)
        #expect(pending.isConnected)
    }

    @Test
    func `a node says what keeps it from having pods`() {
        var directory = NodeDirectory(ownName: "a")
        #expect(directory.obstacle == "the Node objects have not been listed yet")
        var news = ClusterNews()
        news.hasAllNodes = true
        directory.absorb(news)
        #expect(directory.obstacle == "there is no Node object a; is --node-name right?")
        news.nodes = [Self.node]
        directory.absorb(news)
        #expect(directory.obstacle?.contains("has no spec.podCIDRs yet") == true)
        var node = Node(metadata: ObjectMeta(name: "a"), spec: .init(podCIDR: "10.244.1.9/24"))
        news.nodes = [Self.change(node)]
        directory.absorb(news)
        #expect(directory.obstacle?.contains("\"10.244.1.9/24\" is no range") == true)
        node.spec?.podCIDR = "10.244.1.0/24"
        news.nodes = [Self.change(node)]
        directory.absorb(news)
        #expect(directory.obstacle == nil)
        #expect(directory.ownPodRanges.map(\.description) == ["10.244.1.0/24"])
    }
}
