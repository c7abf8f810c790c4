package import KubernetesModel
import TrafficPlan

/// What would be told about objects if they were applied, from the objects alone.
package enum Lint {
    /// Compiles the given objects, and nothing else.
    ///
    /// Every Ingress is taken for ours unless the IngressClass that it names is among the objects and says otherwise.
    /// A Service or Secret that is not among them may well be in the cluster, so that is a warning.
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
        return Set(compiler.allReports.values.flatMap(\.diagnostics).map(softened)).sorted()
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
