package import KubernetesClient
package import KubernetesModel

/// What a reflector tells.
package enum ReflectorOutput<O: KubernetesObject>: Sendable {
    /// The first full list. Comes once, possibly empty.
    case synced([ObjectChange<O>])
    /// After that, what changed; each object at most once per batch.
    case changed([ObjectChange<O>])
    /// An object cannot be read; the last readable form stays in the store. Without a name it has none that can be read.
    case invalid(ObjectName?, String)
    /// The first failure after all was well. The reflector goes on trying; what it told stays true as far as known.
    case disconnected(KubernetesError)
    /// A list or a watch succeeded for the first time, or again.
    case connected
}

package struct ReflectorOptions<O: KubernetesObject>: Sendable {
    package var selection: Selection
    /// Objects per page of a list.
    package var pageSize: Int
    package var backoff: Backoff
    /// Takes out of an object what is not needed, to save memory; `nil` leaves the whole object out.
    package var transform: (@Sendable (O) -> O?)?

    package init(
        selection: Selection = Selection(), pageSize: Int = 500, backoff: Backoff = Backoff(),
        transform: (@Sendable (O) -> O?)? = nil
    ) {
        self.selection = selection
        self.pageSize = pageSize
        self.backoff = backoff
        self.transform = transform
    }

    func kept(of object: O) -> O? {
        guard let transform else { return object }
        return transform(object)
    }
}
