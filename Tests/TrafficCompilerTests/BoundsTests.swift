import KubernetesModel
import Testing
import TrafficPlan

@testable import TrafficCompiler

/// Absurd objects get a short word and harm nobody.
@Suite struct BoundsTests {
    @Test func `ten megabytes anywhere are survived, and messages stay short`() throws {
        let huge = String(repeating: "x", count: 10 << 20)
        var compiler = Fixture.compiler()
        let result = compiler.apply(
            [
                Fixture.service("web"),
                Fixture.ingress(
                    "huge", rules: [(huge, [("/", "web")]), ("ok.example", [("/" + huge, "web"), ("/ok", "web")])],
                    annotations: [
                        "fairway.dev/request-timeout": huge, "fairway.dev/\(huge)": "1", "other/big": huge,
                        "kubernetes.io/ingress.class": huge,
                    ]),
                Fixture.ingress("service", rules: [("s.example", [("/", huge)])]),
                Fixture.ingress("type", rules: [("t.example", [("/", "web")])], pathType: huge),
            ], now: Fixture.now)
        #expect(compiler.plan.virtualHosts[Hostname("ok.example")]?.routes.count == 1)
        let messages = result.reports.values.compactMap { $0?.diagnostics }.flatMap { $0 }.map(\.description)
        #expect(messages.count >= 6)
        #expect(messages.allSatisfy { $0.utf8.count < 600 })
    }

    @Test func `a report holds a limited number of diagnostics`() throws {
        var compiler = Fixture.compiler()
        let paths = (0..<500).map { ("/p\($0)", "gone\($0)") }
        let result = compiler.apply([Fixture.ingress("many", rules: [("a.example", paths)])], now: Fixture.now)
        let report = try #require(result.reports[Fixture.name("many")] ?? nil)
        #expect(report.diagnostics.count == IngressReport.maxDiagnostics)
        #expect(report.routes == 500)
        #expect(!report.accepted)
    }

    @Test func `durations are whole numbers with a unit`() {
        let cases: [(String, Duration?)] = [
            ("0", .zero), ("500ms", .milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("1h", .seconds(3600)), ("", nil), ("30", nil), ("-1s", nil), ("1.5s", nil), ("99999999999h", nil),
            ("9999999999h", nil), ("s", nil), ("1d", nil), ("٣s", nil),
        ]
        for (text, expected) in cases { #expect(Annotations.duration(text) == expected, "\(text)") }
    }
}
