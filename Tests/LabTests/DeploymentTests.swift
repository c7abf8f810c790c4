import KubernetesModel
import Testing

@testable import Lab

@Suite
struct DeploymentTests {
    @Test
    func `a new deployment becomes a replica set and pods on all nodes`() throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: 4)
        try cluster.settle()
        #expect(cluster.state.replicaSets.count == 1)
        #expect(cluster.state.pods.count == 4)
        let byNode = Dictionary(grouping: cluster.state.pods) { $0.spec?.nodeName }
        #expect(byNode["a"]?.count == 2)
        #expect(byNode["b"]?.count == 2)
        let status = try #require(cluster.state.deployments.first?.status)
        #expect(status["availableReplicas"] == 4)
        #expect(status["updatedReplicas"] == 4)
    }

    @Test(arguments: [1, 2, 3, 4, 7, 10] as [Int32])
    func `a rolling update never has fewer pods ready than it may, nor more than it may`(replicas: Int32) throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: replicas)
        try cluster.settle()
        cluster.deploy("web", replicas: replicas, image: "two")
        let surge = (Int(replicas) + 3) / 4
        let unavailable = Int(replicas) / 4
        try cluster.settle { cluster in
            let alive = cluster.state.pods.filter { !$0.isTerminating }
            #expect(alive.count <= Int(replicas) + surge)
            #expect(alive.count(where: \.isReady) >= Int(replicas) - unavailable)
        }
        #expect(cluster.state.pods.count == Int(replicas))
        #expect(cluster.state.deployments.first?.metadata.annotations?[DeploymentPlan.revision] == "2")
        #expect(cluster.state.replicaSets.count { $0.spec.replicas == 0 } == 1)
    }

    @Test
    func `pods that never become ready stop the update where it is`() throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: 4)
        try cluster.settle()
        cluster.deploy("web", replicas: 4, image: "broken")
        try cluster.settle(readies: false)
        #expect(cluster.state.pods.count(where: \.isReady) == 3)
        #expect(cluster.state.pods.count == 5)
    }

    @Test
    func `going back to an older template uses its replica set again`() throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: 2)
        try cluster.settle()
        cluster.deploy("web", replicas: 2, image: "two")
        try cluster.settle()
        cluster.deploy("web", replicas: 2)
        try cluster.settle()
        #expect(cluster.state.replicaSets.count == 2)
        #expect(cluster.state.deployments.first?.metadata.annotations?[DeploymentPlan.revision] == "3")
    }

    @Test
    func `Recreate ends all old pods before the first new one`() throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: 3, strategy: .init(type: "Recreate"))
        try cluster.settle()
        cluster.deploy("web", replicas: 3, image: "two")
        try cluster.settle { cluster in
            #expect(Set(cluster.state.pods.filter { !$0.isTerminating }.map { $0.metadata.controller?.uid }).count <= 1)
        }
        #expect(cluster.state.pods.count == 3)
    }

    @Test
    func `scaling down keeps the nodes in balance`() throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: 6)
        try cluster.settle()
        cluster.deploy("web", replicas: 2)
        try cluster.settle()
        #expect(Set(cluster.state.pods.map { $0.spec?.nodeName }).count == 2)
    }

    @Test
    func `nothing is wanted of what is as it should be`() throws {
        var cluster = SimulatedCluster()
        cluster.deploy("web", replicas: 5)
        try cluster.settle()
        var random = cluster.random
        _ = try cluster.round()
        #expect(WorkloadPlan(ranges: nil).actions(cluster.state, random: &random).isEmpty)
    }

    @Test(arguments: [
        (IntOrString.string("25%"), 10, true, 3), (.string("25%"), 10, false, 2), (.int(4), 10, true, 4),
        (.string("100%"), 3, true, 3), (.string("bad"), 3, true, 0), (.int(-1), 3, true, 0),
    ])
    func `limits are numbers or percentages`(value: IntOrString, total: Int, roundsUp: Bool, expected: Int) {
        #expect(DeploymentPlan.share(value, of: total, roundsUp: roundsUp) == expected)
    }
}
