import Foundation
import KubernetesModel
import PolicyDefinitions
import Testing

@testable import LocalCluster

/// One of our kinds as the local API enforces it.
func kind(_ resource: ResourceKind) throws -> CustomKind {
    let definition = try #require(
        PolicyDefinitions.all.first { $0[path: "spec", "names", "kind"]?.string == resource.kind })
    return try CustomKind(definition)
}

/// What the local API says to an object, its defaults filled in first.
func errors(_ object: JSONValue, _ resource: ResourceKind, old: JSONValue? = nil) throws -> [FieldError] {
    let kind = try kind(resource)
    var object = object
    let unknown = kind.prune(&object, version: resource.version)
    #expect(unknown.isEmpty)
    kind.applyDefaults(&object, version: resource.version)
    return kind.errors(object, old: old, version: resource.version)
}

@Suite struct DefinitionTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func `the committed files are what is generated`() throws {
        let folder = Self.root.appendingPathComponent("Deploy/crds")
        for file in PolicyDefinitions.files {
            let committed = try String(contentsOf: folder.appendingPathComponent(file.name), encoding: .utf8)
            #expect(committed == file.text, "run 'make generate', and commit Deploy/crds/\(file.name)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == PolicyDefinitions.files.map(\.name).sorted())
    }

    @Test func `the YAML says the same as the values`() throws {
        for (file, definition) in zip(PolicyDefinitions.files, PolicyDefinitions.all) {
            #expect(try Samples.json(file.text) == definition)
        }
    }

    @Test func `every field says what it is for`() {
        func walk(_ schema: JSONValue, _ path: String) {
            #expect((schema["description"]?.string ?? "").count >= 6, "\(path) has no description")
            for (name, member) in schema["properties"]?.object ?? [:] { walk(member, "\(path).\(name)") }
            if let items = schema["items"] {
                #expect(schema["maxItems"] != nil, "\(path) is not bounded")
                walk(items, path + "[]")
            }
            if schema["type"] == "string", schema["enum"] == nil, schema["format"] == nil {
                #expect(schema["maxLength"] != nil, "\(path) is not bounded")
            }
        }
        for definition in PolicyDefinitions.all {
            for version in definition[path: "spec", "versions"]?.array ?? [] {
                walk(
                    version[path: "schema", "openAPIV3Schema"] ?? [:],
                    definition[path: "metadata", "name"]?.string ?? "")
            }
        }
    }

    // MARK: - Schema and Swift types

    private static func fullRateLimitPolicy() throws -> JSONValue {
        var spec: JSONValue = ["targetRefs": Samples.targets]
        let headers = "{requestHeader: {name: x-cost, default: 2, max: 9}}"
        let answers = "{responseHeader: {name: x-used, default: 0, max: 99}}"
        spec["limits"] = [try Samples.limit(named: "a")]
        spec["defaults"] = ["limits": [try Samples.limit(named: "b", cost: headers)]]
        spec["overrides"] = ["limits": [try Samples.limit(named: "c", cost: answers)]]
        var policy = try Samples.policy(RateLimitPolicy.resource, spec: spec)
        policy["status"] = try Samples.json(Samples.status)
        return policy
    }

    private static func fullClientPolicy() throws -> JSONValue {
        var policy = try Samples.policy(
            ClientPolicy.resource,
            spec: [
                "targetRefs": [
                    ["group": "networking.k8s.io", "kind": "IngressClass", "name": "fairway", "sectionName": "x"]
                ],
                "clientAddress": ["trustedHops": 2, "trustedCIDRs": ["10.0.0.0/8"]],
                "proxyProtocol": ["mode": "Required"],
            ])
        policy["status"] = try Samples.json(Samples.status)
        return policy
    }

    /// Paths of members, elements of lists taken together.
    private func members(of value: JSONValue, _ path: String = "") -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { all, member in
                all.insert("\(path).\(member.key)")
                all.formUnion(self.members(of: member.value, "\(path).\(member.key)"))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(members(of: $1, path)) }
        default: []
        }
    }

    private func members(ofSchema schema: JSONValue, _ path: String = "") -> Set<String> {
        var all: Set<String> = []
        for (name, member) in schema["properties"]?.object ?? [:] {
            all.insert("\(path).\(name)")
            all.formUnion(members(ofSchema: member, "\(path).\(name)"))
        }
        if let items = schema["items"] { all.formUnion(members(ofSchema: items, path)) }
        return all
    }

    /// Members of Swift values that are `nil` in every sample.
    private func absences(in value: Any) -> Set<String> {
        var seen: [String: Bool] = [:]
        func walk(_ value: Any, _ path: String) {
            let mirror = Mirror(reflecting: value)
            if mirror.displayStyle == .optional {
                seen[path] = seen[path] == true || mirror.children.first != nil
                if let some = mirror.children.first { walk(some.value, path) }
                return
            }
            guard mirror.displayStyle != .collection else {
                for child in mirror.children { walk(child.value, path) }
                return
            }
            guard mirror.displayStyle == .struct, !(value is ObjectMeta), !(value is Timestamp) else { return }
            for child in mirror.children { walk(child.value, "\(path).\(child.label ?? "")") }
        }
        walk(value, "")
        return Set(seen.filter { !$0.value }.keys)
    }

    @Test func `RateLimitPolicy is the same in Swift and in its schema`() throws {
        // A match's part takes everything that a key's does, but `missing`.
        var full = try Self.fullRateLimitPolicy()
        let match: JSONValue = [
            "part": [
                "type": "JWTClaim", "name": "sub", "index": 1, "ipv4PrefixLength": 1, "ipv6PrefixLength": 1,
                "jwt": ["header": "a", "jwks": "b", "issuer": "c", "audiences": ["d"], "unverified": false],
            ], "values": ["a"], "cidrs": ["10.0.0.0/8"],
        ]
        var limit = try Samples.limit(named: "a")
        limit["exemptions"] = [["match": [match]]]
        limit["allowances"] = [
            ["name": "x", "match": [match], "unlimited": true, "allow": ["requests": 1, "per": "Day", "burst": 1]]
        ]
        limit["cost"] = [
            "fixed": 1, "requestHeader": ["name": "a", "default": 1, "max": 1],
            "responseHeader": ["name": "a", "default": 1, "max": 1],
        ]
        full["spec"]?["limits"] = [limit]
        full["spec"]?["defaults"] = ["limits": [limit]]
        full["spec"]?["overrides"] = ["limits": [limit]]
        let definition = try JSONDecoder().decode(RateLimitPolicy.self, from: Data(full.serialized()))
        #expect(absences(in: definition).allSatisfy { $0.hasSuffix(".part.missing") })
        try checkFields(RateLimitPolicy.self, full)
    }

    private func checkFields<Policy: KubernetesObject>(_ type: Policy.Type, _ full: JSONValue) throws {
        let policy = try JSONDecoder().decode(Policy.self, from: Data(full.serialized()))
        var again = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(policy))
        for name in ["apiVersion", "kind", "metadata"] { again[name] = full[name] }
        #expect(again == full)
        let definition = PolicyDefinitions.all.first {
            $0[path: "spec", "names", "kind"]?.string == Policy.resource.kind
        }
        let version = definition?[path: "spec", "versions"]?.array?.first
        var bare = full
        for name in ["apiVersion", "kind", "metadata"] { bare[name] = nil }
        #expect(members(of: bare) == members(ofSchema: version?[path: "schema", "openAPIV3Schema"] ?? [:]))
    }

    @Test func `ClientPolicy is the same in Swift and in its schema`() throws {
        let full = try Self.fullClientPolicy()
        #expect(absences(in: try JSONDecoder().decode(ClientPolicy.self, from: Data(full.serialized()))) == [])
        try checkFields(ClientPolicy.self, full)
    }

    @Test func `a policy in which everything stands that may stand together is accepted`() throws {
        var policy = try Self.fullRateLimitPolicy()
        policy["spec"]?["defaults"] = nil
        #expect(try errors(policy, RateLimitPolicy.resource) == [])
    }
}
