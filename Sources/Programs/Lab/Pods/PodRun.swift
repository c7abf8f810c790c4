import Foundation
import KubernetesClient
import KubernetesModel
import Logging

/// One pod on its node: its namespace, its network by the real CNI executable, its programs, and its end.
struct PodRun: Sendable {
    let pod: Pod
    let node: NodePlace
    let client: KubernetesClient
    let stop: PodStop
    let logger: Logger

    private var name: ObjectName { pod.objectName }
    private var usesHostNetwork: Bool { pod.spec?.hostNetwork == true }

    /// Returns when nothing of the pod is left, neither here nor in the API.
    func run() async {
        let board = PodBoard(PodCondition(pod: pod, hostAddresses: node.addresses, now: .now))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await report(board) }
            group.addTask {
                await live(board)
                board.close()
            }
        }
        await stop.latch.wait()
        if !Task.isCancelled { await remove() }
    }

    private func live(_ board: PodBoard) async {
        do {
            // Nothing here is given to anybody else, so a folder that exists already is as good.
            try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
            if usesHostNetwork {
                board.change { $0.addresses = node.addresses }
                return await runPrograms(node.namespace, board)
            }
            try await LabNamespace.with(mark: node.mark) { namespace in
                try node.record(pod: name, namespace: namespace)
                defer { node.forget(pod: name) }
                let attachment = attachment(namespace)
                if await attach(attachment, to: namespace, board) { await runPrograms(namespace, board) }
                await detach(attachment)
            }
        } catch {
            if !Task.isCancelled { logger.error("pod cannot run", metadata: ["pod": "\(name)", "error": "\(error)"]) }
        }
    }

    private var logs: String { "\(node.directory)/pods/\(name.namespace)_\(name.name)" }

    // MARK: - Network

    private func attachment(_ namespace: LabNamespace) -> NetworkRuntime.Attachment {
        let ports = (pod.spec?.containers ?? []).flatMap { $0.ports ?? [] }.compactMap { port -> JSONValue? in
            guard let host = port.hostPort, host > 0 else { return nil }
            var mapping: JSONValue = [
                "hostPort": .integer(Int64(host)), "containerPort": .integer(Int64(port.containerPort)),
                "protocol": .string((port.protocol ?? "TCP").lowercased()),
            ]
            mapping["hostIP"] = port.hostIP.map(JSONValue.string)
            return mapping
        }
        // As long and as unique as a runtime's own.
        let id = (0..<4).map { _ in String(UInt64.random(in: 1 << 60 ... .max), radix: 16) }.joined()
        return NetworkRuntime.Attachment(
            containerID: id, pod: name, uid: pod.metadata.uid ?? "", namespacePath: namespace.path, hostPorts: ports)
    }

    /// Tries until the network is there (`true`) or the pod is to stop.
    private func attach(
        _ attachment: NetworkRuntime.Attachment, to namespace: LabNamespace, _ board: PodBoard
    ) async -> Bool {
        var pause = Duration.milliseconds(100)
        while !stop.isAsked, !Task.isCancelled {
            do {
                try await namespace.bringUpLoopback(mark: node.mark)
                let addresses = try await node.runtime.add(attachment)
                board.change { board in
                    board.addresses = addresses
                    board.trouble = nil
                }
                return true
            } catch {
                logger.info("pod has no network yet", metadata: ["pod": "\(name)", "error": "\(error)"])
                board.change { $0.trouble = "\(error)" }
                // A runtime owes a DEL also after an ADD that failed.
                if (error as? NetworkRuntime.Failure)?.code != 11 { await detach(attachment) }
                if await stop.latch.wait(atMost: pause) { return false }
                pause = min(pause * 2, .seconds(2))
            }
        }
        return false
    }

    private func detach(_ attachment: NetworkRuntime.Attachment) async {
        var pause = Duration.milliseconds(100)
        // An agent that is down comes back; the address is not free before.
        for _ in 0..<8 {
            do {
                return try await node.runtime.delete(attachment)
            } catch {
                if Task.isCancelled { return }
                logger.info("pod's network not removed yet", metadata: ["pod": "\(name)", "error": "\(error)"])
                try? await Task.sleep(for: pause)  // Cancelled: the next round sees it.
                pause = pause * 2
            }
        }
    }

    // MARK: - Programs

    private func runPrograms(_ namespace: LabNamespace, _ board: PodBoard) async {
        let programs = PodProgram.all(
            of: pod, node: node.name, addresses: board.current.addresses, fairway: node.fairway)
        let place = PodPlace(
            pod: pod, namespace: namespace, node: node.namespace, nodeName: node.name, directory: logs, mark: node.mark)
        board.change { board in
            for index in board.containers.indices {
                let name = board.containers[index].name
                board.containers[index].programs = programs.count { $0.container == name }
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for program in programs {
                group.addTask { await ProgramRun(program: program, place: place, board: board, stop: stop).run() }
            }
        }
    }

    // MARK: - The API's side

    /// Writes the pod's status whenever it changes, until the board is closed.
    private func report(_ board: PodBoard) async {
        var written: JSONValue?
        for await _ in board.changes {
            while !Task.isCancelled {
                let status = board.current.status
                if status == written { break }
                do throws(KubernetesError) {
                    try await client.patch(Pod.resource, name, ["status": status], type: .merge, subresource: "status")
                    written = status
                    break
                } catch {
                    if error.isNotFound { return }
                    try? await Task.sleep(for: .milliseconds(200))  // Cancelled: the loop's condition sees it.
                }
            }
        }
    }

    private func remove() async {
        while !Task.isCancelled {
            do throws(KubernetesError) {
                return try await client.delete(
                    Pod.resource, name, gracePeriodSeconds: 0, uid: pod.metadata.uid)
            } catch {
                // A conflict: another pod has the name by now.
                if error.isNotFound || error.isConflict { return }
                try? await Task.sleep(for: .milliseconds(200))  // Cancelled: the loop's condition sees it.
            }
        }
    }
}
