import DiscoveryProtocol
import EnvoyTranslation
package import KubernetesModel
package import TrafficCompiler
package import TrafficPlan

/// The compiler and the translator, one change after the other, and the questions asked about what they made.
///
/// An actor because `fairway explain` and the control loop meet here: a copy of the plan for the reader would cost a copy of
/// its tables at the next change.
package actor ControlPlane {
    /// What one batch of changes came to.
    struct Step: Sendable {
        var resources: ResourceChange
        var reports: [ObjectName: IngressReport?]
    }

    private var compiler: TrafficCompiler
    private var translator: Translator
    private var reports: [ObjectName: IngressReport] = [:]

    init(compiler: TrafficCompiler, translator: Translator) {
        self.compiler = compiler
        self.translator = translator
    }

    func apply(_ changes: [SourceChange], now: Timestamp) -> Step {
        let compilation = compiler.apply(changes, now: now)
        for (name, report) in compilation.reports { reports[name] = report }
        return Step(resources: translator.apply(compilation.change), reports: compilation.reports)
    }

    /// Which way this request would go, and why.
    package func decide(_ request: Request) -> Decision { compiler.plan.decide(request) }

    /// Gives `body` the plan and the reports as they stand.
    package func read<Result: Sendable>(
        _ body: @Sendable (GatewayPlan, [ObjectName: IngressReport]) -> Result
    ) -> Result {
        body(compiler.plan, reports)
    }
}
