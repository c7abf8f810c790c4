import Foundation
import LocalCluster
import TestSupport
import Testing

@Suite(.enabled(if: Tool.kubectl.isWanted, "kubectl is not installed"), .timeLimit(.minutes(2)))
struct KubectlTests {
    static let ingress = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, labels: {app: web}}
        spec:
          ingressClassName: fairway
          rules:
          - host: a.example.com
            http:
              paths:
              - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
        """

    @Test func `create, get, label, annotate and delete work`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("create", "configmap", "settings", "--from-literal=color=blue")
            try await kubectl("create", "secret", "generic", "keys", "--from-literal=token=s3cret")
            try await kubectl("create", "serviceaccount", "robot")
            try await kubectl("create", "ingress", "shop", "--rule=shop.example.com/cart*=web:80")
            try await kubectl("label", "configmap", "settings", "tier=front")
            try await kubectl("annotate", "configmap", "settings", "note=kept")
            #expect(
                try await kubectl("get", "configmap", "-l", "tier=front", "-o", "jsonpath={.items[*].data.color}")
                    == "blue")
            #expect(
                try await kubectl("get", "secret", "keys", "-o", "jsonpath={.data.token}")
                    == Data("s3cret".utf8).base64EncodedString())
            #expect(
                try await kubectl("get", "ingress", "shop", "-o", "jsonpath={.spec.rules[0].http.paths[0].pathType}")
                    == "Prefix")
            try await kubectl("delete", "configmap", "settings")
            let gone = try await kubectl.attempt(["get", "configmap", "settings"])
            #expect(gone.standardError.contains("configmaps \"settings\" not found"))
        }
    }

    @Test func `create makes deployments and services in the form that kubectl sends them`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("create", "deployment", "web", "--image=nginx", "--replicas=2")
            try await kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080")
            try await kubectl("create", "service", "nodeport", "edge", "--tcp=80:8080")
            try await kubectl("scale", "deployment", "web", "--replicas=0")
            #expect(
                try await kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas} {.metadata.generation}")
                    == "0 2")
            #expect(
                try await kubectl("get", "service", "web", "-o", "jsonpath={.spec.ports[0].targetPort}") == "8080")
            let address = try await kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
            #expect(address.hasPrefix("10.96."))
            let port = try await kubectl("get", "service", "edge", "-o", "jsonpath={.spec.ports[0].nodePort}")
            #expect((30000...32767).contains(Int(port) ?? 0))
        }
    }

    @Test func `client-side apply creates, changes and leaves alone`() async throws {
        try await withKubectl { kubectl, _ in
            #expect(try await kubectl("apply", "-f", "-", input: Self.ingress).contains("created"))
            #expect(try await kubectl("apply", "-f", "-", input: Self.ingress).contains("unchanged"))
            let changed = Self.ingress.replacing("a.example.com", with: "b.example.com")
            let difference = try await kubectl.attempt(["diff", "-f", "-"], input: changed)
            #expect(difference.code == 1)
            #expect(difference.standardOutput.contains("+  - host: b.example.com"))
            #expect(try await kubectl("apply", "-f", "-", input: changed).contains("configured"))
            #expect(
                try await kubectl(
                    "get", "ingress", "web", "-o", "jsonpath={.spec.rules[0].host} {.metadata.generation}")
                    == "b.example.com 2")
        }
    }

    /// The API has no kind List, so kubectl looks for it in the old OpenAPI document as well.
    @Test func `apply takes a List apart`() async throws {
        let list = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}},
              {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}}]}
            """
        try await withKubectl { kubectl, _ in
            try await kubectl("apply", "-f", "-", input: list)
            #expect(try await kubectl("get", "configmap", "-o", "jsonpath={.items[*].metadata.name}") == "one two")
        }
    }

    @Test func `server-side apply keeps owners apart and tells of conflicts`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("apply", "--server-side", "-f", "-", input: Self.ingress)
            let changed = Self.ingress.replacing("a.example.com", with: "b.example.com")
            let refused = try await kubectl.attempt(
                ["apply", "--server-side", "--field-manager=other", "-f", "-"], input: changed)
            #expect(refused.code != 0)
            #expect(refused.standardError.contains("conflict with \"kubectl\""))
            try await kubectl(
                "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", input: changed)
            #expect(
                try await kubectl("get", "ingress", "web", "-o", "jsonpath={.metadata.managedFields[*].manager}")
                    .contains("other"))
        }
    }

    @Test func `patch knows its three kinds`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("apply", "-f", "-", input: Self.ingress)
            try await kubectl("patch", "ingress", "web", "-p", #"{"metadata":{"labels":{"a":"1"}}}"#)
            try await kubectl(
                "patch", "ingress", "web", "--type=merge", "-p", #"{"spec":{"ingressClassName":null}}"#)
            try await kubectl(
                "patch", "ingress", "web", "--type=json",
                "-p", #"[{"op":"replace","path":"/spec/rules/0/host","value":"c.example.com"}]"#)
            #expect(
                try await kubectl(
                    "get", "ingress", "web", "-o",
                    "jsonpath={.metadata.labels.a}{.spec.ingressClassName} {.spec.rules[0].host}") == "1 c.example.com")
        }
    }

    @Test func `edit writes what the editor leaves`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("apply", "-f", "-", input: Self.ingress)
            try kubectl.write("#!/bin/sh\nsed -i s/a.example.com/edited.example.com/ \"$1\"\n", to: "editor")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: "\(kubectl.directory)/editor")
            let edited = try await kubectl.attempt(
                ["edit", "ingress", "web"], environment: ["KUBE_EDITOR": "\(kubectl.directory)/editor"])
            #expect(edited.code == 0, "\(edited.standardError)")
            #expect(
                try await kubectl("get", "ingress", "web", "-o", "jsonpath={.spec.rules[0].host}")
                    == "edited.example.com")
        }
    }

    @Test func `wait sees conditions, values and deletions`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("apply", "-f", "-", input: CustomResourceTests.definition)
            try await kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=10s")
            try await kubectl("create", "configmap", "held")
            try await kubectl(
                "patch", "configmap", "held", "--type=merge", "-p", #"{"metadata":{"finalizers":["example.com/hold"]}}"#
            )
            try await kubectl("delete", "configmap", "held", "--wait=false")
            try await kubectl(
                "wait", "--for=jsonpath={.metadata.deletionGracePeriodSeconds}=0", "configmap/held", "--timeout=10s")
            async let deleted = kubectl("wait", "--for=delete", "configmap/held", "--timeout=20s")
            try await kubectl("patch", "configmap", "held", "--type=merge", "-p", #"{"metadata":{"finalizers":null}}"#)
            _ = try await deleted
        }
    }

    @Test func `a namespace takes its contents with it`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("create", "namespace", "team")
            try await kubectl("create", "configmap", "one", "-n", "team")
            try await kubectl("delete", "namespace", "team", "--timeout=20s")
            let gone = try await kubectl.attempt(["create", "configmap", "two", "-n", "team"])
            #expect(gone.standardError.contains("namespaces \"team\" not found"))
        }
    }

    @Test func `describe, events, api-resources, api-versions, version and explain answer`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("apply", "-f", "-", input: Self.ingress)
            let described = try await kubectl("describe", "ingress", "web")
            #expect(described.contains("a.example.com") && described.contains("Ingress Class:    fairway"))
            try await kubectl("get", "events", "-A")
            try await kubectl("events")
            #expect(try await kubectl("api-resources").contains("ingresses                   ing"))
            #expect(try await kubectl("api-versions").contains("networking.k8s.io/v1"))
            #expect(try await kubectl("version").contains("fairway-local"))
            #expect(try await kubectl("explain", "ingress").contains("KIND:       Ingress"))
            #expect(try await kubectl("auth", "can-i", "create", "ingresses") == "yes\n")
        }
    }

    @Test func `get reads selectors, all namespaces, wide and yaml`() async throws {
        try await withKubectl { kubectl, _ in
            try await kubectl("create", "configmap", "one")
            try await kubectl("create", "configmap", "two", "-n", "kube-system")
            #expect(
                try await kubectl("get", "cm", "-A", "--field-selector=metadata.name=two", "-o", "name")
                    == "configmap/two\n")
            #expect(try await kubectl("get", "cm", "-A", "-o", "wide").contains("kube-system"))
            #expect(try await kubectl("get", "cm", "one", "-o", "yaml").contains("name: one"))
            #expect(try await kubectl("get", "cm", "--chunk-size=1", "-A", "-o", "name").contains("configmap/two"))
            try await kubectl("delete", "cm", "--all")
            #expect(try await kubectl("get", "cm", "-o", "name") == "")
        }
    }

    @Test func `unknown fields are refused by default and warned of on request`() async throws {
        try await withKubectl { kubectl, _ in
            let wrong = Self.ingress.replacing("ingressClassName", with: "ingressClasName")
            let refused = try await kubectl.attempt(["apply", "-f", "-"], input: wrong)
            #expect(refused.standardError.contains("unknown field \"spec.ingressClasName\""))
            let warned = try await kubectl.attempt(["apply", "--validate=warn", "-f", "-"], input: wrong)
            #expect(warned.code == 0)
            #expect(warned.standardError.contains("Warning: unknown field \"spec.ingressClasName\""))
        }
    }
}
