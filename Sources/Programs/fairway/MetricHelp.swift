import Telemetry

/// What each number of ours means, for the `# HELP` lines of `/metrics`; `docs/operations.md` has the same list.
enum MetricHelp {
    static func add(to registry: PrometheusRegistry) {
        for (name, help) in texts { registry.describe(name, help) }
    }

    private static let texts = [
        "fairway_compile_batch_changes": "Changes of objects taken together in one compilation.",
        "fairway_compile_duration_seconds": "From taking a batch of changes to the publication of what it changes.",
        "fairway_envoy_restarts_total": "How often the local Envoy ended by itself and was started again.",
        "fairway_envoy_up": "1 while the local Envoy serves, else 0.",
        "fairway_ingress_status_write_failures_total": "Writes of an Ingress's status that failed; they are repeated.",
        "fairway_ingress_status_writes_total": "Writes of an Ingress's status that succeeded.",
        "fairway_kubernetes_errors_total": "Failed lists and watches, by resource and kind of error.",
        "fairway_kubernetes_events_dropped_total": "Events that were not written, because there were too many.",
        "fairway_kubernetes_events_written_total": "Events written to the Kubernetes API.",
        "fairway_kubernetes_lists_total": "Complete lists taken from the Kubernetes API, by resource.",
        "fairway_kubernetes_objects": "Objects held, by resource.",
        "fairway_kubernetes_unreadable_objects_total":
            "Objects that could not be read; their last readable form stays in force.",
        "fairway_kubernetes_watch_events_total": "Changes that watches brought, by resource.",
        "fairway_kubernetes_watches_total": "Watches opened, by resource.",
        "fairway_leader": "1 while this process holds the lease and writes status and events, else 0.",
        "fairway_policy_status_write_failures_total": "Writes of a policy's status that failed; they are repeated.",
        "fairway_policy_status_writes_total": "Writes of a policy's status that succeeded.",
        "fairway_ratelimit_decision_duration_seconds": "From a proxy's question to its answer, counting included.",
        "fairway_ratelimit_decisions_total":
            "What limits said to requests: allowed, limited, shadowed, exempt or error.",
        "fairway_ratelimit_limit_sets": "Limit sets that proxies may name, those of the last day included.",
        "fairway_ratelimit_lost_charges_total": "Costs of answers that nobody could take from their budgets.",
        "fairway_ratelimit_store_failures_total": "Counts that failed, by store and reason.",
        "fairway_ratelimit_unanswered_total":
            "Questions of proxies that were refused: malformed, or about an unknown limit set.",
        "fairway_xds_acks_total": "Responses that proxies accepted, by discovery service.",
        "fairway_xds_connected_proxies": "Proxies that are connected.",
        "fairway_xds_last_good_write_failures_total": "Failed writes of the last accepted configuration to disk.",
        "fairway_xds_nacks_total": "Responses that proxies refused, by discovery service.",
        "fairway_xds_publish_to_acknowledged_seconds": "From the publication of a change until every proxy holds it.",
        "fairway_xds_quarantined_pieces": "Parts of the configuration kept back, because a proxy refused them.",
        "fairway_xds_response_bytes_total": "Bytes of resources sent to proxies, by discovery service.",
        "fairway_xds_responses_total": "Responses sent to proxies, by discovery service.",
    ]
}
