package import KubernetesModel

/// One line of a watch.
package enum WatchEvent<O: KubernetesObject>: Sendable {
    case added(O)
    case modified(O)
    case deleted(ObjectName, resourceVersion: String)
    /// Nothing happened up to here. `endsInitialEvents` closes the first part of a streaming list.
    case bookmark(resourceVersion: String, endsInitialEvents: Bool)
    /// An object that is not as its kind should be. The watch goes on.
    case undecodable(UndecodableObject)
}

/// An object that could not be read, as far as it could.
package struct UndecodableObject: Hashable, Sendable {
    package var name: ObjectName?
    package var resourceVersion: String?
    /// The field's path and what is wrong with it.
    package var reason: String

    package init(name: ObjectName?, resourceVersion: String? = nil, reason: String) {
        self.name = name
        self.resourceVersion = resourceVersion
        self.reason = reason
    }
}

/// An object, or why it is none: so that one bad object does not take its neighbours down.
struct Lossy<O: KubernetesObject>: Decodable {
    var value: Result<O, Failure>

    struct Failure: Error {
        var object: UndecodableObject
    }

    init(from decoder: any Decoder) throws {
        do {
            value = .success(try O(from: decoder))
        } catch {
            let head = try? ObjectHead(from: decoder)  // Not even an object: then there is no name to tell.
            let reason = DecodingFailure.reason(error, below: decoder.codingPath.count)
            value = .failure(
                Failure(
                    object: UndecodableObject(
                        name: head?.name, resourceVersion: head?.resourceVersion, reason: reason)))
        }
    }
}

/// What every object has, read with as little demand as possible.
struct ObjectHead: Decodable {
    var name: ObjectName?
    var resourceVersion: String?
    var annotations: [String: String]?

    private enum CodingKeys: CodingKey {
        case metadata
    }

    private enum MetadataKeys: CodingKey {
        case name, namespace, resourceVersion, annotations
    }

    init(from decoder: any Decoder) throws {
        let metadata = try decoder.container(keyedBy: CodingKeys.self)
            .nestedContainer(keyedBy: MetadataKeys.self, forKey: .metadata)
        // Each on its own: a broken annotation must not hide the name.
        if let name = try? metadata.decode(String.self, forKey: .name), !name.isEmpty {
            let namespace = try? metadata.decode(String.self, forKey: .namespace)
            self.name = ObjectName(namespace: namespace ?? "", name: name)
        }
        resourceVersion = try? metadata.decode(String.self, forKey: .resourceVersion)
        annotations = try? metadata.decode([String: String].self, forKey: .annotations)
    }
}

/// A watch line before it is known to be good: `{"type": …, "object": …}`.
struct WatchFrame<O: KubernetesObject>: Decodable {
    enum Content {
        case event(WatchEvent<O>)
        case failure(APIStatus)
    }

    var content: Content

    private enum CodingKeys: CodingKey {
        case type, object
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        switch type {
        case "ADDED", "MODIFIED":
            switch try container.decode(Lossy<O>.self, forKey: .object).value {
            case .success(let object): content = .event(type == "ADDED" ? .added(object) : .modified(object))
            case .failure(let failure): content = .event(.undecodable(failure.object))
            }
        case "DELETED":
            let head = try container.decode(ObjectHead.self, forKey: .object)
            guard let name = head.name else {
                throw DecodingError.dataCorruptedError(
                    forKey: .object, in: container, debugDescription: "a deleted object without a name")
            }
            content = .event(.deleted(name, resourceVersion: head.resourceVersion ?? ""))
        case "BOOKMARK":
            let head = try container.decode(ObjectHead.self, forKey: .object)
            content = .event(
                .bookmark(
                    resourceVersion: head.resourceVersion ?? "",
                    endsInitialEvents: head.annotations?["k8s.io/initial-events-end"] == "true"))
        case "ERROR":
            content = .failure(try container.decode(APIStatus.self, forKey: .object))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "unknown event type \(type)")
        }
    }
}
