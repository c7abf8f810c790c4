import KubernetesModel
import Testing

@testable import GatewayController
@testable import TrafficCompiler

@Suite struct PolicyStatusMachineTests {
    static let name = PolicyName(kind: "RateLimitPolicy", name: ObjectName(namespace: "shop", name: "api"))
    static let target = PolicyTargetReference(group: "networking.k8s.io", kind: "Ingress", name: "web")
    static let us = "fairway.dev/ingress-controller"

    static func time(_ seconds: Int64) -> Timestamp { Timestamp(secondsSinceEpoch: seconds) }

    static func report(
        accepted: Bool = true, isInForce: Bool = true, overridden: String? = nil, targets: Int = 1, uid: String = "1"
    ) -> PolicyReport {
        let ancestor = PolicyReport.Ancestor(
            target: target,
            accepted: .init(
                holds: accepted, reason: accepted ? .accepted : .targetNotFound,
                message: accepted ? "" : "there is no Ingress shop/web"),
            resolvedRefs: .init(holds: true, reason: .resolvedRefs, message: ""), overridden: overridden,
            isInForce: isInForce)
        return PolicyReport(
            uid: uid, generation: 7, ancestors: Array(repeating: ancestor, count: targets), diagnostics: [])
    }

    static func observation(
        _ ancestors: [PolicyStatus.Ancestor] = [], uid: String = "1", version: String = "5"
    ) -> PolicyStatusMachine.Observation {
        var metadata = ObjectMeta(name: name.name.name, namespace: name.name.namespace, uid: uid)
        metadata.resourceVersion = version
        return .init(metadata, PolicyStatus(ancestors: ancestors))
    }

    static func machine() -> PolicyStatusMachine {
        var machine = PolicyStatusMachine(controllerName: us)
        machine.leadershipChanged(true)
        machine.observed(name, observation())
        return machine
    }

    /// Conditions of the first entry, as `Type=Status/Reason`.
    static func words(_ write: PolicyStatusMachine.Write?) -> [String] {
        (write?.ancestors.first?.conditions ?? []).map { "\($0.type)=\($0.status)/\($0.reason)" }
    }

    @Test func `a policy is accepted at once and programmed when proxies hold it`() throws {
        var machine = Self.machine()
        machine.reported(Self.name, Self.report(), in: 3)
        let first = try #require(machine.due(now: Self.time(10)).first)
        #expect(
            Self.words(first) == [
                "Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/Pending",
            ])
        #expect(first.ancestors[0].ancestorRef.namespace == "shop")
        #expect(first.ancestors[0].conditions?[0].observedGeneration == 7)
        machine.finished(first, .written)

        machine.applied(2, by: 1)
        #expect(machine.due(now: Self.time(20)).isEmpty)
        machine.applied(3, by: 2)
        let second = try #require(machine.due(now: Self.time(30)).first)
        #expect(Self.words(second)[2] == "Programmed=True/Programmed")
        let conditions = second.ancestors[0].conditions ?? []
        #expect(conditions[2].message == "acknowledged by 2 proxies")
        #expect(conditions.map(\.lastTransitionTime) == [Self.time(10), Self.time(10), Self.time(30)])
        machine.finished(second, .written)

        machine.applied(4, by: 9)
        machine.observed(Self.name, Self.observation(second.ancestors, version: "6"))
        #expect(machine.due(now: Self.time(40)).isEmpty, "a fleet that scales rewrites no policy")
    }

    @Test func `one acknowledgement in time costs one write`() {
        var machine = Self.machine()
        machine.reported(Self.name, Self.report(), in: 3)
        machine.applied(3, by: 1)
        #expect(machine.due(now: Self.time(1)).map { Self.words($0)[2] } == ["Programmed=True/Programmed"])
    }

    @Test func `what is not in force is not programmed, and Overridden stands only while it is so`() throws {
        var machine = Self.machine()
        machine.reported(Self.name, Self.report(accepted: false, isInForce: false, overridden: "by x"), in: 0)
        let write = try #require(machine.due(now: Self.time(1)).first)
        #expect(
            Self.words(write) == [
                "Accepted=False/TargetNotFound", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/TargetNotFound",
                "Overridden=True/OtherPolicy",
            ])
        machine.finished(write, .written)
        machine.reported(Self.name, Self.report(), in: 0)
        #expect(machine.due(now: Self.time(2)).first.map { Self.words($0).count } == 3)
    }

    @Test func `what proxies refuse is said in their words, until they take it`() throws {
        var machine = Self.machine()
        machine.reported(Self.name, Self.report(), in: 0)
        machine.refused([Self.name: "no such field"])
        let write = try #require(machine.due(now: Self.time(1)).first)
        #expect(Self.words(write)[2] == "Programmed=False/Refused")
        #expect(write.ancestors[0].conditions?[2].message == "no such field")
        machine.finished(write, .written)
        machine.refused([:])
        #expect(machine.due(now: Self.time(2)).first.map { Self.words($0)[2] } == "Programmed=True/Programmed")
    }

    @Test func `entries of other controllers stay, and guard against writing over newer ones`() throws {
        let foreign = PolicyStatus.Ancestor(
            ancestorRef: .init(kind: "Gateway", name: "g"), controllerName: "example.com/other",
            conditions: [Condition(type: "Accepted", status: "True", reason: "Accepted", message: "")])
        let stale = PolicyStatus.Ancestor(ancestorRef: .init(kind: "Ingress", name: "gone"), controllerName: Self.us)
        var machine = Self.machine()
        machine.observed(Self.name, Self.observation([foreign, stale], version: "8"))
        machine.reported(Self.name, Self.report(targets: 2), in: 0)
        let write = try #require(machine.due(now: Self.time(1)).first)
        #expect(write.ancestors.count == 2, "a target named twice is told of once, and one no longer named goes")
        #expect(write.ancestors[0] == foreign)
        #expect(write.resourceVersion == "8")
        machine.finished(write, .superseded)
        #expect(machine.due(now: Self.time(2)).isEmpty, "the watch brings what superseded it")
        machine.observed(Self.name, Self.observation([foreign], version: "9"))
        #expect(machine.due(now: Self.time(3)).first?.resourceVersion == "9")
    }

    @Test func `only the leader writes, and writes everything when it becomes one`() {
        var machine = PolicyStatusMachine(controllerName: Self.us)
        machine.observed(Self.name, Self.observation())
        machine.reported(Self.name, Self.report(), in: 0)
        #expect(machine.due(now: Self.time(1)).isEmpty)
        machine.leadershipChanged(true)
        #expect(machine.due(now: Self.time(1)).count == 1)
    }

    @Test func `a failed write is due again after a pause, and never two at once`() throws {
        var machine = Self.machine()
        machine.reported(Self.name, Self.report(), in: 0)
        let write = try #require(machine.due(now: Self.time(1)).first)
        machine.reported(Self.name, Self.report(overridden: "by x"), in: 0)
        #expect(machine.due(now: Self.time(2)).isEmpty)
        machine.finished(write, .failed)
        #expect(machine.due(now: Self.time(3)).count == 1)
        var other = Self.machine()
        other.reported(Self.name, Self.report(), in: 0)
        let failing = try #require(other.due(now: Self.time(1)).first)
        other.finished(failing, .failed)
        #expect(other.due(now: Self.time(2)).isEmpty)
        other.retry()
        #expect(other.due(now: Self.time(3)).count == 1)
    }

    @Test func `an object that has taken the name is not given the old one's status`() {
        var machine = Self.machine()
        machine.reported(Self.name, Self.report(), in: 0)
        machine.observed(Self.name, Self.observation(uid: "2"))
        #expect(machine.due(now: Self.time(1)).isEmpty)
        machine.reported(Self.name, nil, in: 0)
        machine.reported(Self.name, Self.report(uid: "2"), in: 0)
        #expect(machine.due(now: Self.time(1)).map(\.uid) == ["2"])
        machine.observed(Self.name, nil)
        #expect(machine.due(now: Self.time(2)).isEmpty)
    }
}
