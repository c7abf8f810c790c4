import KubernetesModel
import Logging
import Synchronization

/// The cluster's state behind its lock, with those who write to it and those who watch it.
final class ClusterHost: Sendable {
    private struct Contents: Sendable {
        var state: ClusterState
        var watchers = Watchers()
    }

    private let contents: Mutex<Contents>
    private let storage: (any DurableStorage)?
    private let logger: Logger

    init(state: ClusterState, storage: (any DurableStorage)?, logger: Logger) {
        contents = Mutex(Contents(state: state))
        self.storage = storage
        self.logger = logger
    }

    var now: Timestamp { .now }

    /// Plans a write, makes it durable, commits it, tells the watchers, and lets the controllers follow up. Either all
    /// of the write happens or none of it.
    func write(
        isDryRun: Bool = false, _ plan: (inout ClusterState) throws(APIFailure) -> PlannedWrite
    ) throws(APIFailure) -> PlannedWrite {
        try contents.withLock { contents throws(APIFailure) in
            let write = try plan(&contents.state)
            guard !isDryRun else {
                contents.state.withdraw(write)
                return write
            }
            guard let change = write.change else { return write }
            do throws(APIFailure) {
                try commit(change, in: &contents)
            } catch {
                contents.state.withdraw(write)
                throw error
            }
            settle(&contents)
            return write
        }
    }

    private func commit(_ change: StoredChange, in contents: inout Contents) throws(APIFailure) {
        do throws(StorageFailure) {
            try storage?.write([change])
        } catch {
            logger.error("a write was refused: \(error)")
            throw error.failure
        }
        contents.state.commit(change, now: now)
        contents.watchers.publish(change)
    }

    /// Runs the controllers until they want nothing more. What cannot be stored is left for the next restart.
    private func settle(_ contents: inout Contents) {
        // Deleting a big namespace is the longest that controllers are ever busy; what is left waits for the next tick.
        for _ in 0..<100_000 {
            guard let change = contents.state.nextControllerChange(now: now) else { return }
            do throws(APIFailure) {
                try commit(change, in: &contents)
            } catch {
                return
            }
        }
        logger.error("the controllers do not come to rest")
    }

    /// Ends the watches whose time is up, and lets the controllers see what has expired, and what was left to do.
    func tick() {
        contents.withLock { contents in
            contents.watchers.removeExpired(now: now)
            contents.state.enqueueExpired(now: now)
            settle(&contents)
        }
    }

    func read<Answer: Sendable, Failure: Error>(
        _ body: (borrowing ClusterState) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try contents.withLock { contents throws(Failure) in try body(contents.state) }
    }
}

// MARK: - Watching

extension ClusterHost {
    struct Watch: Sendable {
        var identifier: Watchers.Identifier
        /// To be sent before anything from `signals`.
        var initial: [WatchEvent]
        /// The revision that `initial` leads up to.
        var revision: UInt64
        var signals: AsyncStream<Watchers.Signal>
    }

    /// Begins a watch: with the present objects (`nil`), or with what happened after `revision`.
    func watch(
        _ key: StorageKey, selection: Selection, after revision: UInt64?, wantsBookmarks: Bool, timeoutSeconds: Int64
    ) throws(APIFailure) -> Watch {
        try contents.withLock { contents throws(APIFailure) in
            let collection = contents.state.store.collection(key)
            let initial: [WatchEvent]
            if let revision {
                guard let changes = collection.history.changes(after: revision) else {
                    throw .expired(
                        "too old resource version: \(revision) (\(collection.history.compacted))")
                }
                initial = changes.compactMap(selection.event)
            } else {
                initial = collection.list(namespace: selection.namespace).filter(selection.contains).map {
                    WatchEvent(type: .added, object: $0)
                }
            }
            let (identifier, signals) = contents.watchers.add(
                key, selection: selection, wantsBookmarks: wantsBookmarks,
                deadline: Timestamp(secondsSinceEpoch: now.secondsSinceEpoch + timeoutSeconds))
            return Watch(
                identifier: identifier, initial: initial, revision: contents.state.store.revision, signals: signals)
        }
    }

    func endWatch(_ identifier: Watchers.Identifier) {
        contents.withLock { $0.watchers.remove(identifier) }
    }

    func endAllWatches() {
        contents.withLock { $0.watchers.removeAll() }
    }

    func sendBookmarks() {
        contents.withLock { $0.watchers.bookmark(at: $0.state.store.revision) }
    }
}
