import KubernetesClient
import KubernetesModel
import KubernetesStore
import LocalCluster
import Logging
import Synchronization
import TestSupport
import Testing

/// Everything against a whole API server, over TLS, by its kubeconfig.
@Suite struct LocalClusterTests {
    private static func withCluster(
        _ body: @escaping @Sendable (KubernetesClient) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            try await withLocalCluster(LocalClusterConfiguration(), logger: quiet) { cluster in
                try cluster.writeKubeconfig(to: "\(folder)/kubeconfig")
                let connection = try ClusterConnection.kubeconfig(path: "\(folder)/kubeconfig", environment: [:])
                let client = try KubernetesClient(connection: connection, logger: quiet)
                let result: Result<Void, any Error>
                do {
                    result = .success(try await body(client))
                } catch {
                    result = .failure(error)
                }
                await client.shutdown()
                try result.get()
            }
        }
    }

    private static func running(
        _ service: @escaping @Sendable () async throws -> Void, _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service() }
            try await body()
            group.cancelAll()
            // Ends by cancellation.
            while let result = await group.nextResult() { _ = result }
        }
    }

    private static let ingress: JSONValue = [
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": ["name": "web", "namespace": "default"],
        "spec": ["defaultBackend": ["service": ["name": "web", "port": ["number": 80]]]],
    ]
    private static let web = ObjectName(namespace: "default", name: "web")

    @Test func `objects are made, read, changed and deleted; refusals have their codes`() async throws {
        try await Self.withCluster { client in
            let made = try await client.create(map("a", "1").inDefault)
            #expect(made.metadata.uid != nil)
            let again = await #expect(throws: KubernetesError.self) { try await client.create(map("a", "1").inDefault) }
            #expect(again?.isAlreadyExists == true)
            var newer = made
            newer.data = ["v": "2"]
            _ = try await client.replace(newer)
            let stale = await #expect(throws: KubernetesError.self) { try await client.replace(made.with("3")) }
            #expect(stale?.isConflict == true)
            let changed = try await client.modify(ConfigMap.self, made.objectName) {
                $0 = $0.with("4")
                return true
            }
            #expect(changed.data == ["v": "4"])
            try await client.delete(ConfigMap.resource, made.objectName)
            try await client.delete(ConfigMap.resource, made.objectName)
            let gone = await #expect(throws: KubernetesError.self) {
                try await client.get(ConfigMap.self, made.objectName)
            }
            #expect(gone?.isNotFound == true)
        }
    }

    @Test func `discovery finds the kinds that we read`() async throws {
        try await Self.withCluster { client in
            let discovery = try await client.discover()
            #expect(discovery.failures.isEmpty)
            for kind in [Ingress.resource, IngressClass.resource, Service.resource, Lease.resource] {
                #expect(discovery.kind(apiVersion: kind.apiVersion, kind: kind.kind) == kind)
            }
        }
    }

    @Test func `a reflector mirrors what is written, in pages of few`() async throws {
        try await Self.withCluster { client in
            for index in 0..<12 { _ = try await client.create(map("o\(index)", "1").inDefault) }
            let mirror = Mirror()
            var options = ReflectorOptions<ConfigMap>.quick
            options.selection = Selection(namespace: "default")
            options.pageSize = 5
            let reflector = Reflector<ConfigMap>(client: client, options: options, logger: quiet)
            try await Self.running {
                try await reflector.run { mirror.take($0) }
            } _: {
                try await eventually("synced") { mirror.state.withLock { $0.objects.count == 12 } }
                _ = try await client.modify(ConfigMap.self, map("o1", "").inDefault.objectName) {
                    $0 = $0.with("2")
                    return true
                }
                try await client.delete(ConfigMap.resource, map("o2", "").inDefault.objectName)
                try await eventually("followed") {
                    mirror.state.withLock { $0.objects["o1"] == "2" && $0.objects.count == 11 }
                }
                #expect(mirror.state.withLock(\.misfits) == [])
            }
        }
    }

    @Test func `a status is written under our name, and withdrawn`() async throws {
        try await Self.withCluster { client in
            let ingress = try await client.apply(
                Self.ingress, as: Ingress.resource, fieldManager: "user", force: false)
            let target = StatusTarget(kind: Ingress.resource, name: Self.web)
            let uid = ingress[path: "metadata", "uid"]?.string
            let writer = StatusWriter(
                client: client, fieldManager: "fairway", queue: StatusQueue(interval: .milliseconds(10)), logger: quiet)
            try await Self.running {
                try await writer.run()
            } _: {
                writer.put(target, uid: uid, status: ["loadBalancer": ["ingress": [["ip": "192.0.2.1"]]]])
                try await eventually("written") {
                    let read = try await client.get(Ingress.self, Self.web)
                    return read.status?.loadBalancer?.ingress?.map(\.ip) == ["192.0.2.1"] && read.spec != nil
                }
                writer.put(target, uid: uid, status: [:])
                try await eventually("withdrawn") {
                    try await client.get(Ingress.self, Self.web).status?.loadBalancer?.ingress == nil
                }
            }
        }
    }

    @Test func `events are written once and counted`() async throws {
        try await Self.withCluster { client in
            var limits = EventAggregator.Limits()
            limits.countInterval = .milliseconds(20)
            let recorder = EventRecorder(
                client: client, component: "fairway", instance: "test", limits: limits, logger: quiet)
            let occurrence = Occurrence(
                object: ObjectReference(
                    apiVersion: "networking.k8s.io/v1", kind: "Ingress", namespace: "default", name: "web"),
                severity: .warning, reason: "InvalidIngress", action: "Compile", message: "spec.rules[0].host: bad")
            try await Self.running {
                try await recorder.run()
            } _: {
                for _ in 0..<5 { recorder.record(occurrence) }
                let event = try await eventually("counted") {
                    try await client.list(KubernetesEvent.self).items.first { $0.count == 5 }
                }
                #expect(event.reason == "InvalidIngress" && event.message == "spec.rules[0].host: bad")
                recorder.record(occurrence)
                try await eventually("raised") {
                    let events = try await client.list(KubernetesEvent.self).items
                    return events.count == 1 && events[0].count == 6
                }
            }
        }
    }

    @Test func `one leads, and the other takes over when it leaves`() async throws {
        try await Self.withCluster { client in
            var timing = LeaderElectionMachine.Timing()
            timing.retryPeriod = .milliseconds(30)
            let name = ObjectName(namespace: "default", name: "fairway")
            let first = LeaderElection(client: client, lease: name, identity: "first", timing: timing, logger: quiet)
            let second = LeaderElection(client: client, lease: name, identity: "second", timing: timing, logger: quiet)
            let told = Mutex<[Bool]>([])
            try await Self.running {
                try await first.run { leads in told.withLock { $0.append(leads) } }
            } _: {
                try await eventually("first leads") { first.isLeader }
            }
            #expect(told.withLock(\.self) == [true, false])
            #expect(try await client.get(Lease.self, name).spec?.holderIdentity == nil)
            try await Self.running {
                try await second.run { _ in }
            } _: {
                try await eventually("second leads") { second.isLeader }
                let lease = try await client.get(Lease.self, name)
                #expect(lease.spec?.holderIdentity == "second" && lease.spec?.leaseTransitions == 1)
            }
        }
    }

    @Test func `two at once agree on one`() async throws {
        try await Self.withCluster { client in
            var timing = LeaderElectionMachine.Timing()
            timing.retryPeriod = .milliseconds(10)
            let name = ObjectName(namespace: "default", name: "fairway")
            let candidates = (0..<4).map { index in
                LeaderElection(
                    client: client, lease: name, identity: "c\(index)", timing: timing, logger: quiet)
            }
            try await Self.running {
                try await withThrowingDiscardingTaskGroup { group in
                    for candidate in candidates { group.addTask { try await candidate.run { _ in } } }
                }
            } _: {
                for _ in 0..<20 {
                    try await eventually("one leads") { candidates.filter(\.isLeader).count == 1 }
                }
            }
        }
    }
}

extension ConfigMap {
    fileprivate var inDefault: ConfigMap {
        var map = self
        map.metadata.namespace = "default"
        map.metadata.resourceVersion = nil
        return map
    }

    fileprivate func with(_ value: String) -> ConfigMap {
        var map = self
        map.data = ["v": value]
        return map
    }
}
