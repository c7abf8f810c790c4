import KubernetesModel
import Testing
import TrafficPlan

@testable import TrafficCompiler

@Suite struct LintTests {
    static func run(_ objects: [SourceChange]) -> [String] {
        Lint.run(objects, settings: Fixture.settings(), now: Fixture.now).map { "\($0.severity) \($0.reason)" }
    }

    @Test func `what is not among the files is only a warning`() {
        let tls = [Ingress.TLS(hosts: ["a.example"], secretName: "tls")]
        #expect(
            Self.run([Fixture.ingress("web", rules: [("a.example", [("/", "web")])], tls: tls)])
                == ["warning ServiceNotFound", "warning SecretNotFound"])
    }

    @Test func `what would be refused is an error, whatever the class`() {
        for className in [nil, "fairway", "unheard-of"] {
            #expect(
                Self.run([
                    Fixture.service("web"),
                    Fixture.ingress(
                        "web", className: className, rules: [("a.example", [("/(", "web"), ("/ok", "web")])],
                        pathType: "ImplementationSpecific"),
                ]) == ["error InvalidRegex"])
        }
    }

    @Test func `an Ingress of another controller's class is none of our business`() {
        #expect(
            Self.run([
                .ingressClass(ObjectName(name: "other"), Fixture.ingressClass("other", controller: "example.com/x")),
                Fixture.ingress("web", className: "other", rules: [("bad_host", [("/", "web")])]),
            ]).isEmpty)
    }

    @Test func `a policy is judged by what it says; its target may be elsewhere`() {
        let here = Fixture.reference("Ingress", "web")
        let web = [
            Fixture.service("web"), Fixture.ingress("web", rules: [("a.example", [("/", "web")])]),
        ]
        #expect(Self.run(web + [Fixture.rateLimits("p", at: [here], [Fixture.limit("a")])]).isEmpty)
        #expect(
            Self.run(web + [Fixture.rateLimits("p", at: [here], [Fixture.limit("a", -1)])]) == ["error InvalidLimit"])
        let absent = [Fixture.reference("Ingress", "none"), Fixture.reference("Service", "none")]
        #expect(
            Self.run([Fixture.rateLimits("p", at: absent, [Fixture.limit("a")])])
                == ["warning PolicyTarget", "warning PolicyTarget"])
        #expect(
            Self.run([Fixture.rateLimits("p", at: [Fixture.reference("Deployment", "x")], [Fixture.limit("a")])])
                == ["error PolicyTarget"])
        #expect(Self.run([Fixture.client("c", hops: 1)]).isEmpty, "its class is taken for ours")
        #expect(Self.run([Fixture.client("c", hops: 99)]) == ["error InvalidPolicy"])
    }
}
