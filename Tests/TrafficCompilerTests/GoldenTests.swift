import Foundation
import KubernetesModel
import TestSupport
import Testing
import TrafficPlan

@testable import TrafficCompiler

/// Objects in, plan and reports out, as text: `Goldens/<case>.yaml` and `Goldens/<case>.golden`.
///
/// `UPDATE_GOLDENS=1 swift test --filter GoldenTests` writes the second anew; review the difference.
@Suite struct GoldenTests {
    static let folder = Tool.packageDirectory + "/Tests/TrafficCompilerTests/Goldens"

    static let cases: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

    @Test func `there are cases`() {
        #expect(Self.cases.count >= 15)
    }

    @Test(arguments: cases)
    func `objects compile to the plan and the words that were reviewed`(name: String) throws {
        let yaml = try String(contentsOfFile: "\(Self.folder)/\(name).yaml", encoding: .utf8)
        var compiler = Fixture.compiler()
        let changes = try Manifest.changes(in: yaml)
        _ = compiler.apply(changes, now: Fixture.now)
        let text = Self.text(of: compiler)
        var backwards = Fixture.compiler()
        for change in changes.reversed() { _ = backwards.apply([change], now: Fixture.now) }
        #expect(Self.text(of: backwards) == text, "the order of events makes a difference")

        let path = "\(Self.folder)/\(name).golden"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text == expected, "\(path) differs; UPDATE_GOLDENS=1 writes it anew")
    }

    private static func lines(of ancestor: PolicyReport.Ancestor) -> [String] {
        let target = ancestor.target
        func line(_ finding: PolicyReport.Finding) -> String {
            "\(finding.holds) \(finding.reason.rawValue)\(finding.message.isEmpty ? "" : ": ")\(finding.message)"
        }
        return [
            "  at \(target.kind) \(target.name)\(target.sectionName.map { " \($0)" } ?? ""), "
                + (ancestor.isInForce ? "in force" : "not in force"),
            "    Accepted \(line(ancestor.accepted))", "    ResolvedRefs \(line(ancestor.resolvedRefs))",
        ] + (ancestor.conflicted.map { ["    Conflicted: \($0)"] } ?? [])
            + (ancestor.overridden.map { ["    Overridden: \($0)"] } ?? [])
    }

    static func text(of compiler: TrafficCompiler) -> String {
        var lines: [String] = []
        for (name, report) in compiler.allReports.sorted(by: { $0.key < $1.key }) {
            let hosts = report.hosts.map(\.description).joined(separator: " ")
            lines.append(
                "ingress \(name) \(report.accepted ? "accepted" : "not accepted"), routes \(report.routes), hosts [\(hosts)]"
            )
            lines += report.diagnostics.map { "  \($0)" }
        }
        for (name, report) in compiler.allPolicyReports.sorted(by: { $0.key < $1.key }) {
            lines.append("policy \(name)")
            for ancestor in report.ancestors { lines += Self.lines(of: ancestor) }
            lines += report.diagnostics.map { "  \($0)" }
        }
        return compiler.plan.description + "\n" + lines.map { "\($0)\n" }.joined()
    }
}
