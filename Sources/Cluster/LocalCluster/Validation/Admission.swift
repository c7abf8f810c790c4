package import KubernetesModel

/// What happens to an object before it is stored: defaults are filled in, and its fields are checked.
package enum Admission {
    /// The object with what the real server fills in when it is left out.
    package static func defaulted(_ object: JSONValue, resource: ResourceKind) -> JSONValue {
        Defaults.apply(object, resource: resource)
    }

    /// What is wrong with an object that is about to be created (`old` is `nil`) or updated; call it with defaults
    /// filled in. Custom resources are checked for their metadata alone.
    package static func validate(_ object: JSONValue, old: JSONValue?, resource: ResourceKind) -> [FieldError] {
        var findings = Findings()
        MetadataRules.validate(object, old: old, resource: resource, into: &findings)
        switch (resource.group, resource.kind) {
        case ("", "Service"): ServiceRules.validate(object, old: old, into: &findings)
        case ("", "Secret"): DataRules.validateSecret(object, old: old, into: &findings)
        case ("", "ConfigMap"): DataRules.validateConfigMap(object, old: old, into: &findings)
        case ("", "Pod"): OtherRules.validatePod(object, into: &findings)
        case ("", "Event"), ("events.k8s.io", "Event"):
            OtherRules.validateEvent(object, resource: resource, into: &findings)
        case ("networking.k8s.io", "Ingress"): IngressRules.validate(object, old: old, into: &findings)
        case ("networking.k8s.io", "IngressClass"): IngressRules.validateClass(object, old: old, into: &findings)
        case ("discovery.k8s.io", "EndpointSlice"): SliceRules.validate(object, old: old, into: &findings)
        case ("coordination.k8s.io", "Lease"): OtherRules.validateLease(object, into: &findings)
        case ("apps", _): OtherRules.validateWorkload(object, old: old, into: &findings)
        case ("apiextensions.k8s.io", "CustomResourceDefinition"):
            OtherRules.validateDefinition(object, old: old, into: &findings)
        default: break
        }
        return findings.errors
    }

    /// Dotted paths of the fields that the kind does not have: `spec.rules[0].htpt`. Empty for kinds that are not
    /// built in, unless their OpenAPI schema is given.
    package static func unknownFields(
        _ object: JSONValue, resource: ResourceKind, schema: JSONValue? = nil
    ) -> [String] {
        guard let node = schema.map(OpenAPISchema.node) ?? BuiltInSchema.node(resource) else { return [] }
        var walker = ShapeWalker()
        walker.walk(object, node, at: "", depth: 0)
        return walker.unknown
    }

    /// The object as a server of the kind would keep it: without fields that the kind does not have, and without nulls.
    package static func pruned(_ object: JSONValue, resource: ResourceKind) -> JSONValue {
        guard let node = BuiltInSchema.node(resource) else { return object }
        return ShapePruning.pruned(object, node, depth: 0)
    }

    /// Why an object cannot be read as its kind at all, such as a string where a list belongs; `nil` if it can.
    /// The API answers 400 to this, before defaults and validation.
    package static func malformed(_ object: JSONValue, resource: ResourceKind) -> APIFailure? {
        guard object.object != nil else { return .badRequest("the object provided is no JSON object") }
        guard let node = BuiltInSchema.node(resource) else { return nil }
        var walker = ShapeWalker()
        walker.walk(object, node, at: "", depth: 0)
        guard let (path, found, wanted) = walker.mismatch else { return nil }
        return .badRequest(
            "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): json: cannot "
                + "unmarshal \(found) into Go struct field .\(path) of type \(wanted)")
    }
}
