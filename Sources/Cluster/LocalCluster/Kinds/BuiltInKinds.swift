import KubernetesModel

/// The kinds that this server knows without a CustomResourceDefinition. Deployments, ReplicaSets, Pods and Nodes are
/// data only: nothing here runs them.
enum BuiltInKinds {
    static let all: [APIResource] = core + workloads + network + machinery

    static let namespaces = ResourceKind(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)
    static let services = ResourceKind(group: "", version: "v1", kind: "Service", plural: "services")
    static let pods = ResourceKind(group: "", version: "v1", kind: "Pod", plural: "pods")
    static let serviceAccounts = ResourceKind(
        group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts")
    static let events = ResourceKind(group: "", version: "v1", kind: "Event", plural: "events")
    static let endpointSlices = ResourceKind(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")
    static let customResourceDefinitions = ResourceKind(
        group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions", isNamespaced: false)

    private static let core: [APIResource] = [
        APIResource(
            namespaces, shortNames: ["ns"], hasStatus: true, selectableFields: ["status.phase": ""]),
        APIResource(
            services, shortNames: ["svc"], categories: ["all"], hasStatus: true,
            selectableFields: ["spec.clusterIP": "", "spec.type": ""]),
        APIResource(kind("", "v1", "Secret", "secrets"), selectableFields: ["type": ""]),
        APIResource(kind("", "v1", "ConfigMap", "configmaps"), shortNames: ["cm"]),
        APIResource(kind("", "v1", "Endpoints", "endpoints"), shortNames: ["ep"]),
        APIResource(events, shortNames: ["ev"], selectableFields: eventFields),
        APIResource(serviceAccounts, shortNames: ["sa"]),
        APIResource(
            pods, shortNames: ["po"], categories: ["all"], hasStatus: true, generation: .specification,
            selectableFields: [
                "spec.nodeName": "", "spec.restartPolicy": "", "spec.schedulerName": "", "spec.serviceAccountName": "",
                "status.phase": "", "status.podIP": "", "status.nominatedNodeName": "", "spec.hostNetwork": "false",
            ]),
        APIResource(
            kind("", "v1", "Node", "nodes", isNamespaced: false), shortNames: ["no"], hasStatus: true,
            selectableFields: ["spec.unschedulable": "false"]),
    ]

    private static let workloads: [APIResource] = [
        APIResource(
            kind("apps", "v1", "Deployment", "deployments"), shortNames: ["deploy"], categories: ["all"],
            hasStatus: true, generation: .specification),
        APIResource(
            kind("apps", "v1", "ReplicaSet", "replicasets"), shortNames: ["rs"], categories: ["all"], hasStatus: true,
            generation: .specification, selectableFields: ["status.replicas": "0"]),
    ]

    private static let network: [APIResource] = [
        APIResource(endpointSlices, generation: .everything),
        APIResource(
            kind("networking.k8s.io", "v1", "Ingress", "ingresses"), shortNames: ["ing"], hasStatus: true,
            generation: .specification),
        APIResource(
            kind("networking.k8s.io", "v1", "IngressClass", "ingressclasses", isNamespaced: false),
            generation: .specification),
        APIResource(
            kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"), shortNames: ["netpol"],
            generation: .specification),
    ]

    private static let machinery: [APIResource] = {
        var review = APIResource(
            kind(
                "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews",
                isNamespaced: false))
        review.isReview = true
        return [
            APIResource(kind("coordination.k8s.io", "v1", "Lease", "leases")),
            APIResource(
                customResourceDefinitions, shortNames: ["crd", "crds"], categories: ["api-extensions"],
                hasStatus: true, generation: .specification),
            review,
        ]
    }()

    private static let eventFields: [String: String] = [
        "involvedObject.kind": "", "involvedObject.namespace": "", "involvedObject.name": "", "involvedObject.uid": "",
        "involvedObject.apiVersion": "", "involvedObject.resourceVersion": "", "involvedObject.fieldPath": "",
        "reason": "", "reportingComponent": "", "source": "", "type": "",
    ]

    private static func kind(
        _ group: String, _ version: String, _ kind: String, _ plural: String, isNamespaced: Bool = true
    ) -> ResourceKind {
        ResourceKind(group: group, version: version, kind: kind, plural: plural, isNamespaced: isNamespaced)
    }
}
