package import ServiceRules

/// What a load balancer is told about one Service on this node, in kube-proxy's form.
package struct HealthCheckAnswer: Hashable, Sendable {
    package var service: ServiceID
    package var localEndpoints: Int
    /// Whether this node's rules follow the cluster.
    package var isProxyHealthy: Bool

    package init(service: ServiceID, localEndpoints: Int, isProxyHealthy: Bool) {
        self.service = service
        self.localEndpoints = localEndpoints
        self.isProxyHealthy = isProxyHealthy
    }

    package var status: Int { localEndpoints > 0 && isProxyHealthy ? 200 : 503 }

    package var headers: [(String, String)] {
        [
            ("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff"),
            ("X-Load-Balancing-Endpoint-Weight", "\(localEndpoints)"),
        ]
    }

    /// Names of Kubernetes objects need no escapes in JSON.
    package var body: String {
        """
        {"service":{"namespace":"\(service.namespace)","name":"\(service.name)"},\
        "localEndpoints":\(localEndpoints),"serviceProxyHealthy":\(isProxyHealthy)}

        """
    }
}
