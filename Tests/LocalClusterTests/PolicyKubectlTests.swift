import Foundation
import KubernetesModel
import LocalCluster
import TestSupport
import Testing

/// Fairway's own kinds as a user of kubectl meets them.
@Suite(.enabled(if: Tool.kubectl.isWanted, "kubectl is not installed"), .timeLimit(.minutes(3)))
struct PolicyKubectlTests {
    static let policy = """
        apiVersion: fairway.dev/v1alpha1
        kind: RateLimitPolicy
        metadata: {name: shop}
        spec:
          targetRefs: [{group: "", kind: Service, name: shop}]
          limits:
          - name: per-client
            key: [{type: ClientAddress}]
            allow: {requests: 100, per: Minute, burst: 20}
          - name: all
            allow: {requests: 1000, per: Second}
        """

    @Test func `explain tells every field, with its defaults and words`() async throws {
        try await withKubectl { kubectl, _ in
            let whole = try await kubectl("explain", "ratelimitpolicy.spec.limits", "--recursive")
            for field in ["allow", "requests", "ipv6PrefixLength", "onLimiterFailure", "rateLimitHeaders", "jwks"] {
                #expect(whole.contains(field))
            }
            let scope = try await kubectl("explain", "rlp.spec.limits.scope")
            #expect(scope.contains("Global: one budget over all"))
            #expect(scope.contains("ENUM:\n    Global\n    PerProxy"))
            #expect(
                try await kubectl("explain", "clientpolicy.spec.clientAddress.trustedHops").contains("X-Forwarded-For"))
        }
    }

    @Test func `policies are applied, listed by their names and patched`() async throws {
        try await withKubectl { kubectl, _ in
            #expect(try await kubectl("get", "crd", "-o", "name").contains("ratelimitpolicies.fairway.dev"))
            #expect(
                try await kubectl("apply", "--server-side", "-f", "-", input: Self.policy).contains(
                    "serverside-applied"))
            let table = try await kubectl("get", "rlp")
            #expect(table.contains("NAME   TARGETS   LIMITS"), "\(table)")
            #expect(table.contains("shop") && table.contains("per-client"))
            #expect(try await kubectl("get", "fairway").contains("shop"))
            #expect(
                try await kubectl("get", "rlp", "shop", "-o", "jsonpath={.spec.limits[*].scope} {.spec.limits[0].mode}")
                    == "Global Global Enforce")
            // A second manager adds a limit beside those of the first.
            let more = """
                apiVersion: fairway.dev/v1alpha1
                kind: RateLimitPolicy
                metadata: {name: shop}
                spec: {limits: [{name: third, allow: {requests: 1, per: Day}}], targetRefs: [{group: "", kind: Service, name: shop}]}
                """
            try await kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", input: more)
            #expect(
                try await kubectl("get", "rlp", "shop", "-o", "jsonpath={.spec.limits[*].name}")
                    == "per-client all third")
            let bad = try await kubectl.attempt([
                "patch", "rlp", "shop", "--type=json", "-p",
                #"[{"op":"replace","path":"/spec/limits/0/allow/burst","value":0}]"#,
            ])
            #expect(bad.code == 1)
            #expect(bad.standardError.contains("spec.limits[0].allow.burst: Invalid value: 0"), "\(bad.standardError)")
            try await kubectl(
                "patch", "rlp", "shop", "--type=json", "-p",
                #"[{"op":"replace","path":"/spec/limits/0/allow/burst","value":30}]"#)
            let both = try await kubectl.attempt(
                ["apply", "--server-side", "--force-conflicts", "-f", "-"],
                input: Self.policy.replacing(
                    "  limits:", with: "  defaults: {limits: [{name: x, allow: {requests: 1, per: Day}}]}\n  limits:"))
            #expect(
                both.standardError.contains(
                    "The RateLimitPolicy \"shop\" is invalid: spec.limits: Invalid value: \"object\": limits is short for defaults.limits: give one of the two"
                ), "\(both.standardError)")
            let typo = try await kubectl.attempt(
                ["apply", "-f", "-"], input: Self.policy.replacing("burst: 20", with: "bursts: 20"))
            #expect(
                typo.standardError.contains("unknown field \"spec.limits[0].allow.bursts\""), "\(typo.standardError)")
        }
    }

    @Test func `definitions stay as they are over a restart, and ours come back when changed`() async throws {
        try await withTemporaryDirectory { directory in
            let configuration = LocalClusterConfiguration(dataDirectory: "\(directory)/cluster")
            let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clientpolicies.fairway.dev"
            let first = try await withAPI(configuration) { api, _ in try await api.send(.get, path).body }
            let second = try await withAPI(configuration) { api, _ in
                let same = try await api.send(.get, path).body
                _ = try await api.send(
                    .patch, path, ["spec": ["names": ["shortNames": ["other"]]]], type: "application/merge-patch+json")
                return same
            }
            #expect(second.resourceVersion == first.resourceVersion)
            let third = try await withAPI(configuration) { api, _ in try await api.send(.get, path).body }
            #expect(third[path: "spec", "names", "shortNames"] == ["clp"])
        }
    }

    static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Examples/rate-limits")

    @Test func `every example is accepted`() async throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.examples.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(files.count >= 6)
        try await withKubectl { kubectl, _ in
            for file in files.sorted() {
                let applied = try await kubectl(
                    "apply", "--server-side", "--validate=strict", "-f", Self.examples.appendingPathComponent(file).path
                )
                #expect(applied.contains("serverside-applied"), "\(file)")
            }
            #expect(try await kubectl("get", "rlp", "-o", "name").split(separator: "\n").count >= 6)
        }
    }
}
