import KubernetesModel

/// Which Ingresses are ours, by their class.
struct IngressOwnership: Sendable {
    static let legacyAnnotation = "kubernetes.io/ingress.class"
    static let defaultAnnotation = "ingressclass.kubernetes.io/is-default-class"

    var controllerName: String
    var legacyClassNames: Set<String>
    var watchesWithoutClass: Bool
    private(set) var classes: [String: IngressClass] = [:]
    /// The class of Ingresses that name none: of those marked as default, the newest, then the first by name, as the
    /// API server's admission has it.
    private(set) var defaultClass: String?

    init(controllerName: String, legacyClassNames: Set<String>, watchesWithoutClass: Bool) {
        self.controllerName = controllerName
        self.legacyClassNames = legacyClassNames
        self.watchesWithoutClass = watchesWithoutClass
    }

    /// How an Ingress says whose it is.
    enum Reference: Hashable {
        case className(String)
        case legacy(String)
        case none
    }

    static func reference(of ingress: Ingress) -> Reference {
        if let name = ingress.spec?.ingressClassName { return .className(name) }
        if let name = ingress.metadata.annotations?[legacyAnnotation] { return .legacy(name) }
        return .none
    }

    func isOurs(_ reference: Reference) -> Bool {
        switch reference {
        case .className(let name):
            return isOurClass(name)
        case .legacy(let name):
            return classes[name] == nil ? legacyClassNames.contains(name) : isOurClass(name)
        case .none:
            guard let defaultClass else { return watchesWithoutClass }
            return isOurClass(defaultClass)
        }
    }

    /// The class that a reference stands for, whether or not it exists.
    func className(of reference: Reference) -> String? {
        switch reference {
        case .className(let name), .legacy(let name): name
        case .none: defaultClass
        }
    }

    private func isOurClass(_ name: String) -> Bool { classes[name]?.spec?.controller == controllerName }

    mutating func set(_ ingressClass: IngressClass?, for name: String) {
        classes[name] = ingressClass
        defaultClass =
            classes.values.filter { $0.metadata.annotations?[Self.defaultAnnotation] == "true" }
            .min { a, b in
                let (old, new) = (a.metadata.creationTimestamp, b.metadata.creationTimestamp)
                guard old == new else { return (old?.secondsSinceEpoch ?? 0) > (new?.secondsSinceEpoch ?? 0) }
                return a.metadata.name < b.metadata.name
            }?.metadata.name
    }
}
