import KubernetesModel
import Testing
import TrafficPlan

@testable import TrafficCompiler

/// Ten thousand Ingresses, and single changes among them. The limits are loose, for debug builds on busy machines; what
/// they catch is a cost that follows the whole instead of the change.
@Suite struct ScaleTests {
    @Test(.timeLimit(.minutes(1)))
    func `a single change among ten thousand Ingresses costs what it does among ten`() {
        var large = IncrementalTests.loaded(hosts: 10_000)
        var small = IncrementalTests.loaded(hosts: 10)
        func cost(_ compiler: inout TrafficCompiler) -> Duration {
            let clock = ContinuousClock()
            return (0..<20).map { round in
                clock.measure {
                    _ = compiler.apply(
                        [Fixture.ingress("n\(round)", rules: [("n\(round).example", [("/", "s1")])])], now: Fixture.now)
                    _ = compiler.apply(
                        [Fixture.slice("e1", of: "s1", ["10.0.1.\(round)"])], now: Fixture.now)
                }
            }.min() ?? .zero
        }
        let (few, many) = (cost(&small), cost(&large))
        #expect(many < few * 5 + .milliseconds(5), "\(few) among ten, \(many) among ten thousand")
    }
}
