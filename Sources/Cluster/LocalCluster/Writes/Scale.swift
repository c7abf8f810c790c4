import KubernetesModel

/// `autoscaling/v1` Scale: the replicas of an object, by the paths that its kind names.
enum ScaleObject {
    static func read(_ object: JSONValue, resource: APIResource) throws(APIFailure) -> JSONValue {
        guard let scale = scale(of: resource) else { throw ResourceRequests.methodNotAllowed }
        var metadata: JSONValue = [:]
        for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            metadata[key] = object["metadata"]?[key]
        }
        var status: JSONValue = ["replicas": object.value(at: scale.statusReplicasPath) ?? 0]
        if let path = scale.labelSelectorPath, let selector = object.value(at: path), selector.string != nil {
            status["selector"] = selector
        }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": ["replicas": object.value(at: scale.specReplicasPath) ?? 0], "status": status,
        ]
    }

    static func scale(of resource: APIResource) -> APIResource.Scale? {
        if let scale = resource.scale { return scale }
        guard resource.resource.group == "apps" else { return nil }
        return APIResource.Scale(
            specReplicasPath: ["spec", "replicas"], statusReplicasPath: ["status", "replicas"], labelSelectorPath: nil)
    }
}

extension ClusterState {
    /// Plans new replicas from a Scale object.
    mutating func rescale(
        _ resource: APIResource, name: ObjectName, to scale: JSONValue, options: WriteOptions
    ) throws(APIFailure) -> PlannedWrite {
        guard let paths = ScaleObject.scale(of: resource) else { throw ResourceRequests.methodNotAllowed }
        let old = try existing(resource, name: name)
        guard let replicas = scale["spec"]?["replicas"]?.integer, replicas >= 0 else {
            throw .badRequest("spec.replicas of the scale is not a number from 0")
        }
        var object = served(old, as: resource)
        object["metadata"]?["resourceVersion"] = scale["metadata"]?["resourceVersion"]
        object.set(.integer(replicas), at: paths.specReplicasPath[...])
        return try change(
            old, to: object, resource: resource, subresource: .scale, options: options, tracksUpdate: true)
    }

    /// Plans new replicas from a patch of the Scale object.
    mutating func rescale(
        _ resource: APIResource, name: ObjectName, patch: JSONValue, kind: PatchKind, options: WriteOptions
    ) throws(APIFailure) -> PlannedWrite {
        let current = try ScaleObject.read(existing(resource, name: name).value, resource: resource)
        let scale = ResourceKind(group: "autoscaling", version: "v1", kind: "Scale", plural: "scales")
        guard kind == .json || kind == .merge || kind == .strategicMerge else {
            throw ResourceRequests.methodNotAllowed
        }
        // A Scale has no lists: strategic merge is plain merge.
        let patched = try Patching.apply(
            kind == .strategicMerge ? .merge : kind, patch: patch, to: current, resource: scale)
        return try rescale(resource, name: name, to: patched, options: options)
    }
}

extension JSONValue {
    func value(at path: [String]) -> JSONValue? { path.reduce(Optional(self)) { $0?[$1] } }

    mutating func set(_ value: JSONValue, at path: ArraySlice<String>) {
        guard let key = path.first else {
            self = value
            return
        }
        var member = self[key] ?? [:]
        member.set(value, at: path.dropFirst())
        self[key] = member
    }
}
