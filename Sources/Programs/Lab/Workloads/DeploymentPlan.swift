import KubernetesModel

/// The next steps of a Deployment towards what it asks for: a ReplicaSet for each version of its template, of which the
/// newest grows as fast as `maxSurge` lets it while the others shrink as fast as `maxUnavailable` does.
struct DeploymentPlan {
    static let hashLabel = "pod-template-hash"
    static let revision = "deployment.kubernetes.io/revision"

    private let deployment: Deployment
    private let state: WorkloadState
    private let sets: [ReplicaSet]
    private let hash: String

    init(_ deployment: Deployment, in state: WorkloadState) {
        self.deployment = deployment
        self.state = state
        sets = state.replicaSets(of: deployment)
        hash = Self.hash(of: deployment.spec.template)
    }

    func actions() -> [WorkloadAction] {
        guard deployment.metadata.deletionTimestamp == nil else { return [] }
        return steps() + status()
    }

    private func steps() -> [WorkloadAction] {
        guard deployment.spec.paused != true else { return [] }
        guard let newest else {
            return isRecreate && !goneBeforeNew ? stopOld() : [.createReplicaSet(replicaSet())]
        }
        var actions = revise(newest)
        if isRecreate, !goneBeforeNew { return actions + stopOld() }
        let growth = newReplicas(newest)
        if growth != count(newest) {
            actions.append(.scale(newest.objectName, replicas: growth))
        } else {
            actions += shrinkOld(newest)
        }
        return actions + forgetOld()
    }

    // MARK: - Numbers

    private var wanted: Int { Int(deployment.spec.replicas ?? 1) }
    private var isRecreate: Bool { deployment.spec.strategy?.type == "Recreate" }
    private var newest: ReplicaSet? { sets.first { $0.metadata.labels?[Self.hashLabel] == hash } }
    private var old: [ReplicaSet] { sets.filter { $0.metadata.labels?[Self.hashLabel] != hash } }
    private func count(_ set: ReplicaSet) -> Int { Int(set.spec.replicas ?? 1) }
    private var total: Int { sets.reduce(0) { $0 + count($1) } }

    private var limits: (surge: Int, unavailable: Int) {
        let update = deployment.spec.strategy?.rollingUpdate
        let surge = Self.share(update?.maxSurge ?? .string("25%"), of: wanted, roundsUp: true)
        let unavailable = Self.share(update?.maxUnavailable ?? .string("25%"), of: wanted, roundsUp: false)
        // Both zero would never move.
        return (surge, surge == 0 && unavailable == 0 ? 1 : unavailable)
    }

    /// A number as it is, a percentage of `total`.
    static func share(_ value: IntOrString, of total: Int, roundsUp: Bool) -> Int {
        switch value {
        case .int(let number): return max(0, Int(number))
        case .string(let text):
            guard text.hasSuffix("%"), let percent = Int(text.dropLast()), percent >= 0 else { return 0 }
            let (product, overflows) = total.multipliedReportingOverflow(by: percent)
            return overflows ? total : (product + (roundsUp ? 99 : 0)) / 100
        }
    }

    private func newReplicas(_ newest: ReplicaSet) -> Int {
        let current = count(newest)
        guard current < wanted, !isRecreate else { return wanted }
        let room = wanted + limits.surge - total
        return current + max(0, min(wanted - current, room))
    }

    // MARK: - Old ReplicaSets

    /// Recreate: nothing new before all that is old has ended.
    private var goneBeforeNew: Bool {
        let uids = Set(old.compactMap(\.metadata.uid))
        return !state.pods.contains { uids.contains($0.metadata.controller?.uid ?? "") && !$0.isFinished }
    }

    private func stopOld() -> [WorkloadAction] {
        old.filter { count($0) > 0 }.map { .scale($0.objectName, replicas: 0) }
    }

    private func shrinkOld(_ newest: ReplicaSet) -> [WorkloadAction] {
        let minimum = wanted - limits.unavailable
        let missing = count(newest) - state.availablePods(of: newest)
        var room = total - minimum - max(0, missing)
        guard room > 0 else { return [] }
        var targets: [ObjectName: Int] = [:]
        let oldestFirst = old.filter { count($0) > 0 }.sorted(by: Self.isOlder)
        // First those that serve nobody.
        for set in oldestFirst {
            let cut = min(room, count(set) - min(state.availablePods(of: set), count(set)))
            targets[set.objectName] = count(set) - cut
            room -= cut
        }
        var available = sets.reduce(0) { $0 + state.availablePods(of: $1) } - minimum
        for set in oldestFirst {
            let left = targets[set.objectName] ?? count(set)
            let cut = max(0, min(available, left))
            targets[set.objectName] = left - cut
            available -= cut
        }
        return oldestFirst.compactMap { set in
            let target = targets[set.objectName] ?? count(set)
            return target == count(set) ? nil : .scale(set.objectName, replicas: target)
        }
    }

    private func forgetOld() -> [WorkloadAction] {
        let empty = old.filter { count($0) == 0 && state.activePods(of: $0).isEmpty }.sorted(by: Self.isOlder)
        let kept = Int(deployment.spec.revisionHistoryLimit ?? 10)
        return empty.prefix(max(0, empty.count - kept)).map { .deleteReplicaSet($0.objectName) }
    }

    private static func isOlder(_ a: ReplicaSet, _ b: ReplicaSet) -> Bool {
        (revision(a), a.objectName) < (revision(b), b.objectName)
    }

    private static func revision(_ set: ReplicaSet) -> Int {
        Int(set.metadata.annotations?[revision] ?? "") ?? 0
    }

    /// The current template's set has the highest revision, also after a rollback to it.
    private func revise(_ newest: ReplicaSet) -> [WorkloadAction] {
        let highest = old.map(Self.revision).max() ?? 0
        let right = String(max(Self.revision(newest), highest + 1))
        var actions: [WorkloadAction] = []
        if newest.metadata.annotations?[Self.revision] != right {
            actions.append(.annotate(ReplicaSet.resource, newest.objectName, [Self.revision: right]))
        }
        if deployment.metadata.annotations?[Self.revision] != right {
            actions.append(.annotate(Deployment.resource, deployment.objectName, [Self.revision: right]))
        }
        return actions
    }

    // MARK: - The new ReplicaSet

    private func replicaSet() -> JSONValue {
        var template = deployment.spec.template
        var metadata = template["metadata"] ?? [:]
        var labels = metadata["labels"] ?? [:]
        labels[Self.hashLabel] = .string(hash)
        metadata["labels"] = labels
        template["metadata"] = metadata
        var matchLabels = deployment.spec.selector.matchLabels ?? [:]
        matchLabels[Self.hashLabel] = hash
        var selector: JSONValue = ["matchLabels": .object(matchLabels.mapValues(JSONValue.string))]
        if let expressions = deployment.spec.selector.matchExpressions, !expressions.isEmpty {
            selector["matchExpressions"] = .array(
                expressions.map { requirement in
                    [
                        "key": .string(requirement.key), "operator": .string(requirement.operator),
                        "values": .array((requirement.values ?? []).map(JSONValue.string)),
                    ]
                })
        }
        let revision = (old.map(Self.revision).max() ?? 0) + 1
        let replicas = isRecreate ? wanted : max(0, min(wanted, wanted + limits.surge - total))
        return [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": .string("\(deployment.metadata.name)-\(hash)"),
                "namespace": .string(deployment.metadata.namespace ?? "default"), "labels": labels,
                "annotations": .object([Self.revision: .string(String(revision))]),
                "ownerReferences": [Ownership.reference(to: deployment)],
            ],
            "spec": [
                "replicas": .integer(Int64(replicas)), "selector": selector, "template": template,
                "minReadySeconds": .integer(Int64(deployment.spec.minReadySeconds ?? 0)),
            ],
        ]
    }

    /// Ten characters that change with the template (FNV-1a over its canonical text).
    static func hash(of template: JSONValue) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in template.serialized() { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Ownership.word(value, count: 10)
    }

    // MARK: - Status

    private func status() -> [WorkloadAction] {
        let pods = sets.map { (set: $0, active: state.activePods(of: $0)) }
        let all = pods.reduce(0) { $0 + $1.active.count }
        let available = sets.reduce(0) { $0 + state.availablePods(of: $1) }
        let updated = newest.map { state.activePods(of: $0).count } ?? 0
        let minimum = wanted - (isRecreate ? wanted : limits.unavailable)
        let isComplete = updated == wanted && all == wanted && available == wanted
        func condition(_ type: String, _ holds: Bool, _ reason: String, _ message: String) -> JSONValue {
            [
                "type": .string(type), "status": holds ? "True" : "False", "reason": .string(reason),
                "message": .string(message),
            ]
        }
        let hasMinimum = available >= minimum
        let status: JSONValue = [
            "observedGeneration": .integer(deployment.metadata.generation ?? 0), "replicas": .integer(Int64(all)),
            "updatedReplicas": .integer(Int64(updated)), "availableReplicas": .integer(Int64(available)),
            "readyReplicas": .integer(Int64(pods.reduce(0) { $0 + $1.active.count(where: \.isReady) })),
            "unavailableReplicas": .integer(Int64(max(0, wanted - available))),
            "conditions": [
                condition(
                    "Available", hasMinimum, hasMinimum ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                    "\(available) of \(wanted) replicas are available"),
                condition(
                    "Progressing", true, isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                    "\(updated) of \(wanted) replicas have the current template"),
            ],
        ]
        return Ownership.isTold(status, in: deployment.status)
            ? [] : [.status(Deployment.resource, deployment.objectName, status)]
    }
}

/// What controllers write into the objects they make.
enum Ownership {
    private static let letters = Array("bcdfghjklmnpqrstvwxz2456789")

    static func reference(to owner: some KubernetesObject) -> JSONValue {
        let kind = type(of: owner).resource
        return [
            "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind),
            "name": .string(owner.metadata.name), "uid": .string(owner.metadata.uid ?? ""), "controller": true,
            "blockOwnerDeletion": true,
        ]
    }

    /// Whether everything that is to be said stands there already.
    static func isTold(_ wanted: JSONValue, in present: JSONValue?) -> Bool {
        guard let members = wanted.object else { return wanted == present }
        return members.allSatisfy { present?[$0.key] == $0.value }
    }

    /// Letters and digits that spell nothing.
    static func word(_ value: UInt64, count: Int) -> String {
        var rest = value
        return String(
            (0..<count).map { _ in
                defer { rest /= UInt64(letters.count) }
                return letters[Int(rest % UInt64(letters.count))]
            })
    }
}
