import KubernetesClient
import KubernetesModel
import Logging
import Metrics

/// The reflector's edge to the server: does what the machine says, and fills the mailbox.
struct ReflectorFeed<O: KubernetesObject>: Sendable {
    private let client: KubernetesClient
    private let options: ReflectorOptions<O>
    private let logger: Logger
    private let mailbox: ReflectorMailbox<O>
    private let metrics = ReflectorMetrics(O.resource)

    private var machine: ReflectorMachine
    private var store = ObjectStore<O>()
    private var hasSynced = false
    /// `nil` before the first success or failure.
    private var isConnected: Bool?
    /// What was said about the failure that lasts; another one is worth saying, too.
    private var toldFailure: KubernetesError.Code?
    /// The last failure broke a watch that the server had accepted. Accepting the next one proves little then.
    private var brokeOpenWatch = false
    /// Pages of a list that is not complete.
    private var page = Collected()

    private struct Collected {
        var objects: [O] = []
        var unreadable: Set<ObjectName> = []
    }

    init(
        client: KubernetesClient, options: ReflectorOptions<O>, logger: Logger, mailbox: ReflectorMailbox<O>
    ) {
        self.client = client
        self.options = options
        self.logger = logger
        self.mailbox = mailbox
        machine = ReflectorMachine(backoff: options.backoff)
    }

    /// Throws only `CancellationError`.
    mutating func run() async throws {
        var action = machine.started()
        while true {
            try Task.checkCancellation()
            switch action {
            case .list(let token, let paged): action = await list(token, paged: paged)
            case .watch(let version): action = await watch(from: version)
            case .wait(let pause):
                try await Task.sleep(for: pause)
                action = machine.waited()
            case .read: preconditionFailure("events are read where the watch is open")
            }
        }
    }

    private mutating func list(_ token: String?, paged: Bool) async -> ReflectorMachine.Action {
        if token == nil {
            page = Collected()
            metrics.lists.increment()
        }
        do {
            let result = try await client.list(
                O.self, options.selection, page: Page(limit: paged ? options.pageSize : nil, continue: token))
            for object in result.items {
                if let kept = options.kept(of: object) { page.objects.append(kept) }
            }
            for object in result.undecodable { unreadable(object) }
            page.unreadable.formUnion(result.undecodable.compactMap(\.name))
            if result.continue == nil { completeList() }
            return machine.listed(continue: result.continue, resourceVersion: result.resourceVersion)
        } catch {
            return failed(error)
        }
    }

    private mutating func completeList() {
        let changes = store.replace(with: page.objects, keeping: page.unreadable)
        page = Collected()
        let isFirst = !hasSynced
        hasSynced = true
        metrics.objects.record(store.objects.count)
        succeeded()
        mailbox.put { pending in
            for change in changes { pending.add(change) }
            if isFirst { pending.synced() }
        }
    }

    private mutating func watch(from version: String) async -> ReflectorMachine.Action {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            metrics.watches.increment()
            var watch = try await client.watch(O.self, options.selection, resourceVersion: version)
            _ = machine.watchOpened()
            if !brokeOpenWatch { succeeded() }
            while let event = try await watch.next() {
                _ = machine.received(resourceVersion: take(event))
                succeeded()
            }
            return machine.watchEnded(livedLong: clock.now - start > .seconds(5), spread: .random(in: 0..<1))
        } catch {
            return failed(error)
        }
    }

    /// Applies an event and returns the resource version it stands for.
    private mutating func take(_ event: WatchEvent<O>) -> String {
        metrics.events.increment()
        switch event {
        case .added(let object), .modified(let object):
            // Not as an argument of `told`: that borrows `self` first, and the store would have to copy all objects.
            let change: ObjectChange<O>?
            if let kept = options.kept(of: object) {
                change = store.set(kept)
            } else {
                // What the transform leaves out now may have been in the store.
                change = store.remove(object.objectName)
            }
            told(change)
            return object.metadata.resourceVersion ?? ""
        case .deleted(let name, let version):
            let change = store.remove(name)
            told(change)
            return version
        case .bookmark(let version, _):
            return version
        case .undecodable(let object):
            unreadable(object)
            return object.resourceVersion ?? ""
        }
    }

    private func told(_ change: ObjectChange<O>?) {
        guard let change else { return }
        metrics.objects.record(store.objects.count)
        mailbox.put { $0.add(change) }
    }

    private func unreadable(_ object: UndecodableObject) {
        metrics.unreadable()
        mailbox.put { $0.add(object) }
    }

    private mutating func succeeded() {
        brokeOpenWatch = false
        guard isConnected != true else { return }
        if isConnected == false { logger.notice("API server answers again") }
        isConnected = true
        toldFailure = nil
        mailbox.put { $0.connected() }
    }

    private mutating func failed(_ error: KubernetesError) -> ReflectorMachine.Action {
        metrics.failed(error.code)
        brokeOpenWatch = machine.isWatching
        let action = machine.failed(error.code, retryAfter: error.retryAfter, spread: .random(in: 0..<1))
        // An expired place, or a watch that broke and can be opened again, is daily business; told when it lasts.
        let isDaily = error.code == .expired || (brokeOpenWatch && machine.failures < 3)
        if !isDaily, !error.isCancelled, toldFailure != error.code {
            toldFailure = error.code
            let isRefusal = [.forbidden, .unauthorized, .notFound].contains(error.code)
            logger.warning(
                isRefusal
                    ? "API server refuses; keeping what is known and trying again"
                    : "API server does not answer; keeping what is known and trying again",
                metadata: ["error": "\(error)", "error.code": "\(error.code)"])
            isConnected = false
            mailbox.put { $0.disconnected(error) }
        }
        return action
    }
}
