import Foundation
import KubernetesModel
import Logging
import NetTypes
import Synchronization

/// One program of a container: started, probed, started again when it ends, and stopped in the order that Kubernetes
/// promises: preStop, SIGTERM, the grace period, SIGKILL.
struct ProgramRun: Sendable {
    let program: PodProgram
    let place: PodPlace
    let board: PodBoard
    let stop: PodStop

    /// Returns when it will not run again.
    func run() async {
        var pause = Duration.seconds(1)
        while !stop.isAsked, !Task.isCancelled {
            let begun = ContinuousClock.now
            let code = await once()
            if stop.isAsked || Task.isCancelled { break }
            let policy = place.pod.spec?.restartPolicy ?? "Always"
            guard policy == "Always" || policy == "OnFailure" && code != 0 else {
                board.change { $0.update(program.container, now: .now) { $0.ended = code } }
                return
            }
            board.change { board in
                board.update(program.container, now: .now) { container in
                    container.restarts += 1
                    container.waiting = "CrashLoopBackOff"
                }
            }
            // One that ran well for a while is not punished for what was before.
            if .now - begun > .seconds(60) { pause = .seconds(1) }
            if await stop.latch.wait(atMost: pause) { return }
            pause = min(pause * 2, .seconds(60))
        }
    }

    private func once() async -> Int32 {
        let command = LabCommand(
            program.program, program.arguments, in: place.namespace, environment: program.environment,
            workingDirectory: program.workingDirectory, mark: place.mark)
        let process = RunningProgram(container: program.container, board: board)
        let code = await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                do {
                    return try await command.run(log: place.log(of: program.container)) { process.began(pid: $0) }
                } catch {
                    place.note("cannot start \(program.program): \(error)", container: program.container)
                    return 127
                }
            }
            group.addTask {
                await becomeReady(process)
                return nil
            }
            group.addTask {
                await stop.latch.wait()
                if !Task.isCancelled { await end(process) }
                return nil
            }
            defer { group.cancelAll() }
            while let next = await group.next() {
                if let next { return next }
            }
            return 137
        }
        process.ended()
        return code
    }

    private func becomeReady(_ process: RunningProgram) async {
        guard let probe = program.readiness else {
            await process.hasBegun.wait()
            if !Task.isCancelled { process.set(isReady: true) }
            return
        }
        let wanted = probe.httpGet?.port ?? probe.tcpSocket?.port
        let probing = Probing(
            probe: probe, port: wanted.flatMap { place.pod.portNumber($0, of: program.container) },
            address: board.current.addresses.first.flatMap { IPAddress($0) }, node: place.node,
            pod: place.namespace, mark: place.mark)
        await probing.run(delay: .seconds(Int64(program.initialDelay))) { process.set(isReady: $0) }
    }

    private func end(_ process: RunningProgram) async {
        let deadline = ContinuousClock.now + stop.grace
        if let sleep = program.lifecycle?.preStop?.sleep?.seconds {
            try? await Task.sleep(for: min(.seconds(sleep), stop.grace))  // Cancelled: the program ended by itself.
        } else if let hook = program.lifecycle?.preStop?.exec?.command, let first = hook.first {
            let command = LabCommand(first, Array(hook.dropFirst()), in: place.namespace, mark: place.mark)
            do {
                _ = try await command.collect()
            } catch {
                place.note("preStop failed: \(error)", container: program.container)
            }
        }
        guard !Task.isCancelled, let pid = process.pid else { return }
        kill(pid, SIGTERM)
        // Cancelled as soon as the process has ended.
        guard (try? await Task.sleep(until: max(deadline, .now + .seconds(1)), clock: .continuous)) != nil else {
            return
        }
        // Its session, so that what it started ends with it.
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
    }
}

/// One life of a program, as its container's condition sees it.
final class RunningProgram: Sendable {
    private struct State {
        var pid: Int32?
        var isReady = false
        var hasEnded = false
    }

    let hasBegun = Latch()
    private let state = Mutex(State())
    private let container: String
    private let board: PodBoard

    init(container: String, board: PodBoard) {
        self.container = container
        self.board = board
    }

    var pid: Int32? { state.withLock { $0.hasEnded ? nil : $0.pid } }

    func began(pid: Int32) {
        state.withLock { $0.pid = pid }
        tell { $0.running += 1 }
        hasBegun.open()
    }

    func set(isReady: Bool) {
        let isNews = state.withLock { state in
            guard !state.hasEnded, state.isReady != isReady else { return false }
            state.isReady = isReady
            return true
        }
        if isNews { tell { $0.ready += isReady ? 1 : -1 } }
    }

    func ended() {
        set(isReady: false)
        let ran = state.withLock { state in
            state.hasEnded = true
            return state.pid != nil
        }
        if ran { tell { $0.running -= 1 } }
    }

    private func tell(_ change: (inout PodCondition.Container) -> Void) {
        board.change { $0.update(container, now: .now, change) }
    }
}
