import KubernetesModel
import TestSupport

/// Random JSON made of the words that Kubernetes objects are made of, so that it gets past the first check.
struct RandomJSON {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let words = [
        "apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "finalizers", "spec", "status",
        "ports", "port", "targetPort", "nodePort", "protocol", "clusterIP", "clusterIPs", "type", "selector", "rules",
        "http", "paths", "path", "pathType", "backend", "service", "number", "tls", "hosts", "data", "stringData",
        "endpoints", "addresses", "conditions", "containers", "env", "value", "ownerReferences", "uid", "managedFields",
        "fieldsV1", "f:spec", "k:{\"port\":80}", "v:1", ".", "$patch", "$retainKeys", "$setElementOrder/ports",
        "$deleteFromPrimitiveList/finalizers", "op", "from", "ipFamilies", "ipFamilyPolicy", "addressType",
        "additionalPrinterColumns", "jsonPath", "properties", "items", "versions", "template", "podIPs", "ip",
        "matchLabels",
    ]
    private static let texts = [
        "", "a", "None", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "IPv4", "IPv6", "10.96.0.7",
        "fd00:10:96::7", "127.0.0.1", "TCP", "UDP", "Exact", "Prefix", "/a", "//", "delete", "replace", "merge", "add",
        "remove", "move", "test", "/spec/ports/0", "/spec/-", "/~0~1", "v1", "Service", "example.com/x", "Local",
        "RequireDualStack", "2026-01-02T03:04:05Z", ".spec.x[0]", "True", "é\u{1F600}", "a.b", "9999999999999999999",
    ]
    private static let numbers: [Int64] = [0, 1, -1, 80, 443, 30_000, 32_767, 65_536, .max, .min]

    mutating func value(depth: Int = 5) -> JSONValue {
        let limit = depth > 0 ? 9 : 5
        switch Int.random(in: 0..<limit, using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Self.numbers.randomElement(using: &generator) ?? 0)
        case 3, 4: return .string(Self.texts.randomElement(using: &generator) ?? "")
        case 5: return .array((0..<Int.random(in: 0..<4, using: &generator)).map { _ in value(depth: depth - 1) })
        default: return object(depth: depth)
        }
    }

    mutating func object(depth: Int = 5) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0..<6, using: &generator) {
            members[Self.words.randomElement(using: &generator) ?? ""] = value(depth: depth - 1)
        }
        return .object(members)
    }

    /// `value` with a few places replaced, removed or added.
    mutating func mutated(_ value: JSONValue, depth: Int = 6) -> JSONValue {
        if Int.random(in: 0..<12, using: &generator) == 0 { return self.value(depth: 2) }
        switch value {
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (key, member) in members.sorted(by: { $0.key < $1.key })
            where Int.random(in: 0..<20, using: &generator) != 0 {
                result[key] = mutated(member, depth: depth - 1)
            }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                result[Self.words.randomElement(using: &generator) ?? ""] = self.value(depth: 2)
            }
            return .object(result)
        case .array(var elements):
            if let copy = elements.randomElement(using: &generator), Bool.random(using: &generator) {
                elements.append(copy)
            }
            return .array(elements.map { mutated($0, depth: depth - 1) })
        default: return value
        }
    }
}
