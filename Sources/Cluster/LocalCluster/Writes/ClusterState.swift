import KubernetesModel

/// The whole cluster as a value: what is stored, which kinds are served, which addresses are taken, what the controllers
/// have yet to do.
///
/// A write has three steps. It is *planned* (`create`, `update`, `patch`, `delete`), which checks everything and changes
/// no object but reserves addresses. The caller makes the planned change durable. Then `commit` makes it true. If that
/// fails, `withdraw` gives the addresses back.
struct ClusterState: Sendable {
    var store: ObjectStore
    var registry = KindRegistry()
    var services: ServiceAllocator
    var tasks = ControllerTasks()
    var expiries = Expiries()
    private var random = SystemRandomNumberGenerator()

    init(store: ObjectStore, services configuration: ServiceAllocator.Configuration) {
        self.store = store
        services = ServiceAllocator(configuration)
    }

    /// Makes a planned change true, and notes what follows from it.
    mutating func commit(_ change: StoredChange, now: Timestamp) {
        store.commit(change)
        if change.key == Keys.services, change.new == nil, let old = change.old { services.release(old.value) }
        if change.key == Keys.definitions { definitionChanged(change) }
        expiries.note(change, now: now)
        enqueueTasks(after: change)
    }

    /// Serves the kinds of definitions that were read from disk.
    mutating func defineStoredKinds() {
        for object in store.list(Keys.definitions) {
            // It was accepted once; a definition that cannot be read any more only stops being served.
            if let kind = try? CustomKind(object.value) { registry.define(kind) }
        }
    }

    /// Takes over what was read from disk, and has every controller look at it again.
    mutating func restored() {
        services.rebuild(from: store.list(Keys.services).map(\.value))
        for service in store.list(Keys.services) { tasks.add(.endpoints(service.name)) }
        for namespace in store.list(Keys.namespaces) where namespace.isTerminating {
            namespaceTerminating(namespace.name.name)
        }
        for definition in store.list(Keys.definitions) where definition.isTerminating {
            definitionTerminating(definition.name.name)
        }
        for pod in store.list(Keys.pods) { expiries.note(pod: pod) }
    }

    mutating func newUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        bytes[6] = bytes[6] & 0x0f | 0x40  // RFC 9562: version 4,
        bytes[8] = bytes[8] & 0x3f | 0x80  // variant 10.
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// Five characters that spell no word, as the API server ends a `generateName`.
    mutating func newSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        return String((0..<5).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] })
    }
}

/// Where the kinds that the server itself looks at are stored.
enum Keys {
    static let namespaces = StorageKey(group: "", plural: "namespaces")
    static let services = StorageKey(group: "", plural: "services")
    static let pods = StorageKey(group: "", plural: "pods")
    static let nodes = StorageKey(group: "", plural: "nodes")
    static let events = StorageKey(group: "", plural: "events")
    static let serviceAccounts = StorageKey(group: "", plural: "serviceaccounts")
    static let slices = StorageKey(group: "discovery.k8s.io", plural: "endpointslices")
    static let definitions = StorageKey(group: "apiextensions.k8s.io", plural: "customresourcedefinitions")
}
