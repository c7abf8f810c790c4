import FoundationEssentials
package import KubernetesClient
import KubernetesModel
package import Logging

/// Keeps a cluster as a set of files says: applies what they hold, follows their changes, and deletes what it applied
/// once it stands in no file any more.
package struct ManifestFollower: Sendable {
    /// A path that the user named does not exist.
    package struct MissingPath: Error, CustomStringConvertible {
        package var path: String
        package var description: String { "\(path): no such file or folder" }
    }

    private static let fieldManager = "fairway-up"
    /// Remembers across restarts what was applied, so that a file removed meanwhile takes its objects along.
    private static let inventoryName = ObjectName(namespace: "kube-system", name: "fairway-up-inventory")
    private static let configMaps = ResourceKind(group: "", version: "v1", kind: "ConfigMap", plural: "configmaps")

    private let client: KubernetesClient
    private let logger: Logger
    private let interval: Duration
    private var files: ManifestFiles
    private var inventory = ManifestInventory()
    private var discovery: Discovery?
    /// What was said about an object last, so that a lasting trouble is told once.
    private var complaints: [Manifest.Identity: String] = [:]

    /// - Parameter interval: between two looks at the files.
    package init(
        paths: [String], client: KubernetesClient, interval: Duration = .milliseconds(200), logger: Logger
    ) throws(MissingPath) {
        files = ManifestFiles(paths: paths)
        if let path = files.missing.first { throw MissingPath(path: path) }
        self.client = client
        self.interval = interval
        self.logger = logger
    }

    /// Runs until cancelled; `firstPassDone` is called once, when everything that could be applied is applied.
    package func run(firstPassDone: @Sendable () -> Void) async throws {
        var follower = self
        try await follower.follow(firstPassDone: firstPassDone)
    }

    private mutating func follow(firstPassDone: @Sendable () -> Void) async throws {
        inventory = ManifestInventory(inherited: try await inheritedIdentities())
        var isFirst = true
        var retryAt: ContinuousClock.Instant?
        while true {
            let look = files.look()
            if isFirst || !look.readable.isEmpty || !look.gone.isEmpty || retryAt.map({ .now >= $0 }) == true {
                read(look)
                let failures = try await carryOut(inventory.change())
                retryAt = failures > 0 ? .now + .seconds(2) : nil
            }
            if isFirst { firstPassDone() }
            isFirst = false
            try await Task.sleep(for: interval)
        }
    }

    private mutating func read(_ look: ManifestFiles.Change) {
        for path in look.gone { inventory.removed(path: path) }
        for path in look.readable {
            let file = ManifestFiles.read(path)
            for error in file.errors {
                logger.error("manifest refused", metadata: ["place": "\(error.place)", "reason": "\(error.message)"])
            }
            inventory.read(file, path: path)
        }
    }

    /// Returns how many steps failed and are to be tried again.
    private mutating func carryOut(_ change: ManifestInventory.Change) async throws -> Int {
        guard !change.isEmpty else { return 0 }
        var failures = 0
        for manifest in change.apply where !(try await apply(manifest)) { failures += 1 }
        for identity in change.delete where !(try await delete(identity)) { failures += 1 }
        await rememberInventory()
        return failures
    }

    private mutating func apply(_ manifest: Manifest) async throws -> Bool {
        do throws(KubernetesError) {
            let kind = try await kind(of: manifest.identity)
            var object = manifest.object
            if kind.isNamespaced, manifest.identity.name.namespace.isEmpty {
                object["metadata"]?["namespace"] = "default"
            }
            _ = try await client.apply(object, as: kind, fieldManager: Self.fieldManager, force: true)
            inventory.succeeded(applying: manifest)
            complaints[manifest.identity] = nil
            logger.info(
                "manifest applied", metadata: ["object": "\(manifest.identity)", "place": "\(manifest.place)"])
            return true
        } catch {
            try Task.checkCancellation()
            complain(about: manifest.identity, "\(error.message)", place: manifest.place)
            return false
        }
    }

    private mutating func delete(_ identity: Manifest.Identity) async throws -> Bool {
        do throws(KubernetesError) {
            let kind = try await kind(of: identity)
            var name = identity.name
            if kind.isNamespaced, name.namespace.isEmpty { name.namespace = "default" }
            do throws(KubernetesError) {
                try await client.delete(kind, name)
            } catch  where error.isNotFound {
                // Somebody was faster.
            }
            inventory.succeeded(deleting: identity)
            complaints[identity] = nil
            logger.info("manifest removed", metadata: ["object": "\(identity)"])
            return true
        } catch {
            try Task.checkCancellation()
            complain(about: identity, error.message, place: nil)
            return false
        }
    }

    private mutating func complain(about identity: Manifest.Identity, _ message: String, place: Place?) {
        guard complaints[identity] != message else { return }
        complaints[identity] = message
        var metadata: Logger.Metadata = ["object": "\(identity)", "reason": "\(message)"]
        if let place { metadata["place"] = "\(place)" }
        logger.error("manifest refused", metadata: metadata)
    }

    private mutating func kind(of identity: Manifest.Identity) async throws(KubernetesError) -> ResourceKind {
        if let kind = discovery?.kind(apiVersion: identity.apiVersion, kind: identity.kind) { return kind }
        // A CustomResourceDefinition applied a moment ago may have brought the kind.
        discovery = try await client.discover()
        if let kind = discovery?.kind(apiVersion: identity.apiVersion, kind: identity.kind) { return kind }
        throw KubernetesError(
            .notFound, operation: "apply", subject: "\(identity)",
            message: "the server has no kind \(identity.kind) in \(identity.apiVersion)")
    }
}

extension ManifestFollower {
    private struct Entry: Codable {
        var apiVersion: String
        var kind: String
        var namespace: String
        var name: String
    }

    private func inheritedIdentities() async throws -> Set<Manifest.Identity> {
        let text = try await inventoryObject()?[path: "data", "objects"]?.string
        guard let text else { return [] }
        let entries = try JSONDecoder().decode([Entry].self, from: Data(text.utf8))
        return Set(
            entries.map { entry in
                Manifest.Identity(
                    apiVersion: entry.apiVersion, kind: entry.kind,
                    name: ObjectName(namespace: entry.namespace, name: entry.name))
            })
    }

    private func inventoryObject() async throws(KubernetesError) -> JSONValue? {
        do {
            return try await client.get(Self.configMaps, Self.inventoryName)
        } catch {
            guard error.isNotFound else { throw error }
        }
        return nil
    }

    private func rememberInventory() async {
        let entries = inventory.identities.sorted().map { identity in
            Entry(
                apiVersion: identity.apiVersion, kind: identity.kind, namespace: identity.name.namespace,
                name: identity.name.name)
        }
        do {
            let text = String(decoding: try JSONEncoder().encode(entries), as: UTF8.self)
            let object: JSONValue = [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": [
                    "name": .string(Self.inventoryName.name), "namespace": .string(Self.inventoryName.namespace),
                ],
                "data": ["objects": .string(text)],
            ]
            _ = try await client.apply(object, as: Self.configMaps, fieldManager: Self.fieldManager, force: true)
        } catch {
            logger.warning(
                "inventory not written; objects of files removed while fairway is down will stay",
                metadata: ["error": "\(error)"])
        }
    }
}
