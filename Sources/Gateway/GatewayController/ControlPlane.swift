import DiscoveryProtocol
import EnvoyTranslation
package import KubernetesModel
package import TrafficCompiler
package import TrafficPlan

/// The compiler and the translator, one change after the other, and the questions asked about what they made.
///
/// An actor because the control loop, the clock and `fairway explain` meet here: a copy of the plan for a reader would
/// cost a copy of its tables at the next change.
package actor ControlPlane {
    /// What one batch of changes came to.
    struct Step: Sendable {
        /// The plan that holds the batch.
        var generation: Generation
        /// Only those that differ; `nil` where an Ingress is no longer ours.
        var reports: [ObjectName: IngressReport?]
        /// Only those that differ; `nil` where a policy is gone.
        var policies: [PolicyName: PolicyReport?]
        /// What is newly kept from the proxies, because Envoy would refuse it.
        var problems: [TranslationProblem]
        /// All that is kept from them, by the Ingresses it concerns; `nil` where that is as it was.
        var kept: [ObjectName: [TranslationProblem]]?
        /// The same by the policies it concerns.
        var keptPolicies: [PolicyName: [TranslationProblem]]?
    }

    private var compiler: TrafficCompiler
    private var translator: Translator
    private var generation = Generation.none
    private var problems: Set<TranslationProblem> = []
    private let limits: LimitDelivery
    private let publish: @Sendable (ResourceChange) -> Generation
    private var isFirst = true

    /// - Parameter publish: called in order, once for each batch that changes a resource.
    init(
        compiler: TrafficCompiler, translator: Translator, limits: LimitDelivery,
        publish: @escaping @Sendable (ResourceChange) -> Generation
    ) {
        self.compiler = compiler
        self.translator = translator
        self.limits = limits
        self.publish = publish
    }

    /// Without changes it looks only at what time alone has changed, such as a certificate's last day.
    ///
    /// Limiters have their limits before proxies have the routes that name them. While they are waited for, readers
    /// find the new plan; the next batch waits.
    func apply(_ changes: [SourceChange], now: Timestamp) async -> Step {
        let compilation = compiler.apply(changes, now: now)
        await limits.deliver(compilation.change.limitSets, isFirst: isFirst)
        isFirst = false
        let resources = translator.apply(compilation.change)
        if !resources.isEmpty { generation = publish(resources) }
        limits.retire(compilation.change.limitSets)
        let current = Set(translator.problems)
        defer { problems = current }
        return Step(
            generation: generation, reports: compilation.reports, policies: compilation.policies,
            problems: current.subtracting(problems).sorted { $0.description < $1.description },
            kept: current == problems ? nil : byIngress(current),
            keptPolicies: current == problems ? nil : byPolicy(current))
    }

    private func byIngress(_ problems: Set<TranslationProblem>) -> [ObjectName: [TranslationProblem]] {
        problems.sorted { $0.description < $1.description }.reduce(into: [:]) { result, problem in
            for name in compiler.ingresses(affectedBy: problem.origin) { result[name, default: []].append(problem) }
        }
    }

    private func byPolicy(_ problems: Set<TranslationProblem>) -> [PolicyName: [TranslationProblem]] {
        problems.sorted { $0.description < $1.description }.reduce(into: [:]) { result, problem in
            if let name = compiler.policy(named: problem.origin) { result[name, default: []].append(problem) }
        }
    }

    /// The policies that objects of the plan come from.
    func policies(named origins: [Origin]) -> [PolicyName] {
        Set(origins.compactMap(compiler.policy(named:))).sorted()
    }

    /// The identity of the policy that lives under this name now.
    func uid(of policy: PolicyName) -> String? { compiler.allPolicyReports[policy]?.uid }

    /// The Ingresses that depend on an object of the plan.
    func ingresses(affectedBy origins: [Origin]) -> [ObjectName] {
        Set(origins.flatMap(compiler.ingresses(affectedBy:))).sorted()
    }

    /// Which way this request would go, and why.
    package func decide(_ request: Request) -> Decision { compiler.plan.decide(request) }

    /// Gives `body` the plan and the reports as they stand.
    package func read<Result: Sendable>(
        _ body: @Sendable (GatewayPlan, [ObjectName: IngressReport]) -> Result
    ) -> Result {
        body(compiler.plan, compiler.allReports)
    }
}
