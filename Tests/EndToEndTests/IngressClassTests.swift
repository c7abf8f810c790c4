import KubernetesModel
import TestSupport
import Testing

/// Which Ingresses are ours, and what is written to them.
@Suite(
    .gateway(services: ["a"]), .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
    .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(2)))
struct IngressClassTests {
    private typealias Rule = Manifest.Rule

    @Test func `The legacy annotation and the default class make an Ingress ours`() async throws {
        let gateway = try Gateway.current
        func ingress(_ name: String, annotations: [String: String] = [:]) -> JSONValue {
            Manifest.ingress(
                name, [Rule("\(name).class.test", [.prefix("/", "a")])], className: nil, annotations: annotations)
        }
        try await gateway.serve(
            [
                ingress("legacy-foreign", annotations: ["kubernetes.io/ingress.class": "nginx"]),
                ingress("legacy", annotations: ["kubernetes.io/ingress.class": "fairway"]), ingress("no-class"),
            ], until: "no-class.class.test")

        #expect(try await gateway.get("legacy.class.test").echo?.name == "a")
        #expect(try await gateway.get("legacy-foreign.class.test").status == 404)
        #expect(try await gateway.addresses(of: "legacy-foreign") == [])
    }

    @Test func `The controller field decides, whatever the class is called`() async throws {
        let gateway = try Gateway.current
        try await gateway.serve(
            [
                Manifest.ingressClass("not-fairway", controller: "example.com/ingress"),
                Manifest.ingressClass("public"),
                Manifest.ingress(
                    "not-ours", [Rule("not-ours.class.test", [.prefix("/", "a")])], className: "not-fairway"),
                Manifest.ingress("ours", [Rule("ours.class.test", [.prefix("/", "a")])], className: "public"),
            ], until: "ours.class.test")

        #expect(try await gateway.get("not-ours.class.test").status == 404)
        #expect(try await gateway.addresses(of: "not-ours") == [])
    }

    @Test func `Status gets our address, and loses it when the class changes`() async throws {
        let gateway = try Gateway.current
        let host = "moving.class.test"
        let rules = [Rule(host, [.prefix("/", "a")])]
        try await gateway.serve([Manifest.ingress("moving", rules)], until: host)
        try await eventually("the address is written") {
            try await gateway.addresses(of: "moving") == ["127.0.0.1"]
        }

        try await gateway.fairway.apply([
            Manifest.ingressClass("elsewhere", controller: "example.com/elsewhere"),
            Manifest.ingress("moving", rules, className: "elsewhere"),
        ])

        try await gateway.wait(host) { $0.status == 404 }
        try await eventually("the address is withdrawn") { try await gateway.addresses(of: "moving") == [] }
        let classColumn = try await gateway.fairway.kubectl("get", "ingress", "moving")
        #expect(classColumn.contains("elsewhere"))
    }

    @Test func `Another controller's address on its own Ingress stays untouched`() async throws {
        let gateway = try Gateway.current
        try await gateway.fairway.apply([
            Manifest.ingressClass("theirs", controller: "example.com/theirs"),
            Manifest.ingress("theirs", [Rule("theirs.class.test", [.prefix("/", "a")])], className: "theirs"),
        ])
        try await gateway.fairway.kubectl(
            "patch", "ingress", "theirs", "--subresource=status", "--type=merge", "-p",
            #"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}}"#)
        try await gateway.serve(
            [Manifest.ingress("after-theirs", [Rule("after-theirs.class.test", [.prefix("/", "a")])])],
            until: "after-theirs.class.test")
        try await eventually("a later Ingress has its address") {
            try await gateway.addresses(of: "after-theirs") == ["127.0.0.1"]
        }

        #expect(try await gateway.addresses(of: "theirs") == ["192.0.2.7"])
    }
}
