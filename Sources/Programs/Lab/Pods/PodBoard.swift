import KubernetesModel
import Synchronization

/// What is known about a pod's containers, and the status that follows from it.
struct PodCondition: Sendable {
    struct Container: Hashable, Sendable {
        var name: String
        var image: String
        var programs: Int
        var running = 0
        var ready = 0
        var restarts = 0
        /// The last exit code of one that does not run again.
        var ended: Int32?
        var waiting: String?

        var isReady: Bool { ended == nil && running == programs && ready == programs }
    }

    var containers: [Container]
    var addresses: [String] = []
    var hostAddresses: [String]
    /// Why the pod has no network yet.
    var trouble: String?
    private(set) var readySince: Timestamp
    private let started: Timestamp

    init(pod: Pod, hostAddresses: [String], now: Timestamp) {
        containers = (pod.spec?.containers ?? []).map {
            Container(name: $0.name, image: $0.image ?? "", programs: 1)
        }
        self.hostAddresses = hostAddresses
        readySince = now
        started = now
    }

    var isReady: Bool { !addresses.isEmpty && containers.allSatisfy(\.isReady) }
    var isFinished: Bool { !containers.isEmpty && containers.allSatisfy { $0.ended != nil } }

    mutating func update(_ name: String, now: Timestamp, _ change: (inout Container) -> Void) {
        let before = isReady
        for index in containers.indices where containers[index].name == name { change(&containers[index]) }
        if isReady != before { readySince = now }
    }

    var phase: String {
        guard isFinished else { return addresses.isEmpty ? "Pending" : "Running" }
        return containers.allSatisfy { $0.ended == 0 } ? "Succeeded" : "Failed"
    }

    /// For a merge patch of the pod's status.
    var status: JSONValue {
        func condition(_ type: String, _ holds: Bool, since: Timestamp, reason: String? = nil) -> JSONValue {
            var condition: JSONValue = [
                "type": .string(type), "status": holds ? "True" : "False",
                "lastTransitionTime": .string(since.description),
            ]
            if let reason { condition["reason"] = .string(reason) }
            return condition
        }
        let why = isFinished ? "PodCompleted" : "ContainersNotReady"
        var status: JSONValue = [
            "phase": .string(phase), "startTime": .string(started.description),
            "conditions": [
                condition("PodScheduled", true, since: started),
                condition("PodReadyToStartContainers", !addresses.isEmpty, since: started),
                condition("Initialized", true, since: started),
                condition("ContainersReady", isReady, since: readySince, reason: isReady ? nil : why),
                condition("Ready", isReady, since: readySince, reason: isReady ? nil : why),
            ],
            "containerStatuses": .array(containers.map(\.status)),
        ]
        if let host = hostAddresses.first {
            status["hostIP"] = .string(host)
            status["hostIPs"] = .array(hostAddresses.map { ["ip": .string($0)] })
        }
        if let first = addresses.first {
            status["podIP"] = .string(first)
            status["podIPs"] = .array(addresses.map { ["ip": .string($0)] })
        }
        status["message"] = trouble.map(JSONValue.string) ?? .null
        return status
    }
}

extension PodCondition.Container {
    fileprivate var status: JSONValue {
        let state: JSONValue
        if let ended {
            state = [
                "terminated": ["exitCode": .integer(Int64(ended)), "reason": ended == 0 ? "Completed" : "Error"]
            ]
        } else if running == programs {
            state = ["running": [:]]
        } else {
            state = ["waiting": ["reason": .string(waiting ?? "ContainerCreating")]]
        }
        return [
            "name": .string(name), "image": .string(image), "imageID": "", "ready": .bool(isReady),
            "started": .bool(running == programs), "restartCount": .integer(Int64(restarts)), "state": state,
        ]
    }
}

/// The condition, for all who change it and the one who writes it to the API.
final class PodBoard: Sendable {
    private let condition: Mutex<PodCondition>
    private let bell: AsyncStream<Void>.Continuation
    /// One for each time that something may have changed, several at once as one.
    let changes: AsyncStream<Void>

    init(_ condition: PodCondition) {
        self.condition = Mutex(condition)
        (changes, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var current: PodCondition { condition.withLock { $0 } }

    func change(_ body: (inout PodCondition) -> Void) {
        condition.withLock { body(&$0) }
        bell.yield()
    }

    /// No more changes will come.
    func close() { bell.finish() }
}
