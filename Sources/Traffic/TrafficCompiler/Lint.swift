package import KubernetesModel
import TrafficPlan

/// What would be told about objects if they were applied, from the objects alone.
package enum Lint {
    /// Compiles the given objects, and nothing else.
    ///
    /// Every Ingress is taken for ours unless the IngressClass that it names is among the objects and says otherwise.
    /// A Service, a Secret or a policy's target that is not among them may well be in the cluster, so that is a warning.
    /// - Parameter now: judges certificates' dates.
    /// - Returns: sorted, without duplicates.
    package static func run(_ objects: [SourceChange], settings: CompilerSettings, now: Timestamp) -> [Diagnostic] {
        var settings = settings
        settings.watchesWithoutClass = true
        var classes: Set<String> = []
        var wanted: Set<String> = []
        for object in objects {
            switch object {
            case .ingressClass(let name, _?): classes.insert(name.name)
            case .ingress(_, let ingress?):
                switch IngressOwnership.reference(of: ingress) {
                case .className(let name), .legacy(let name): wanted.insert(name)
                case .none: break
                }
            case .rateLimitPolicy(_, let policy?): wanted.formUnion(Self.classes(in: policy.spec.targetRefs))
            case .clientPolicy(_, let policy?): wanted.formUnion(Self.classes(in: policy.spec.targetRefs))
            default: break
            }
        }
        var compiler = TrafficCompiler(settings: settings)
        let assumed = wanted.subtracting(classes).map { name in
            SourceChange.ingressClass(
                ObjectName(name: name),
                IngressClass(metadata: ObjectMeta(name: name), spec: .init(controller: settings.controllerName)))
        }
        _ = compiler.apply(assumed + objects, now: now)
        let absent = Set(compiler.allPolicyReports.flatMap(Self.absentTargets))
        let policies = compiler.allPolicyReports.values.flatMap(\.diagnostics).map { diagnostic in
            absent.contains(diagnostic.origin) ? withSoftenedTarget(diagnostic) : diagnostic
        }
        return Set(compiler.allReports.values.flatMap(\.diagnostics).map(softened) + policies).sorted()
    }

    private static func classes(in references: [PolicyTargetReference]) -> [String] {
        references.filter { $0.kind == PolicyTarget.Kind.ingressClass.rawValue }.map(\.name)
    }

    /// The fields that name objects which are not among the files.
    private static func absentTargets(of name: PolicyName, in report: PolicyReport) -> [Origin] {
        report.ancestors.enumerated().filter { $1.accepted.reason == .targetNotFound }.map { index, _ in
            Origin(
                kind: name.kind, namespace: name.name.namespace, name: name.name.name,
                field: "spec.targetRefs[\(index)]")
        }
    }

    private static func withSoftenedTarget(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        diagnostic.severity = .warning
        diagnostic.message += ", as far as these files go"
        return diagnostic
    }

    private static func softened(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        switch diagnostic.reason {
        case Diagnostic.Reason.serviceNotFound.rawValue:
            diagnostic.severity = .warning
            diagnostic.message = "the Service is not among the files"
        case Diagnostic.Reason.secretNotFound.rawValue:
            diagnostic.severity = .warning
            diagnostic.message = "the Secret is not among the files"
        default: break
        }
        return diagnostic
    }
}
