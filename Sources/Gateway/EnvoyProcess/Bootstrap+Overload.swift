extension Bootstrap {
    /// What gives way first when memory or connections run out, so that the process itself never does.
    var overloadManager: JSONText {
        [
            "refresh_interval": "0.250s",
            "buffer_factory_config": ["minimum_account_to_track_power_of_two": 20],
            "resource_monitors": [
                monitor(
                    "envoy.resource_monitors.global_downstream_max_connections",
                    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    ("max_active_downstream_connections", .integer(Int64(maxConnections)))),
                monitor(
                    heapMonitor, "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
                    ("max_heap_size_bytes", .integer(Int64(clamping: maxHeapBytes)))),
            ],
            "actions": [
                action("shrink_heap", at: 0.85),
                action("disable_http_keepalive", at: 0.92),
                resetOfTheLargestStreams,
                action("stop_accepting_requests", at: 0.95),
                action("stop_accepting_connections", at: 0.98),
            ],
        ]
    }

    private var heapMonitor: String { "envoy.resource_monitors.fixed_heap" }

    private func monitor(_ name: String, _ type: String, _ limit: (String, JSONText)) -> JSONText {
        .object([
            .init(key: "name", value: .string(name)),
            .init(
                key: "typed_config",
                value: .object([
                    .init(key: "@type", value: .string("type.googleapis.com/\(type)")),
                    .init(key: limit.0, value: limit.1),
                ])),
        ])
    }

    private func action(_ name: String, at share: Double) -> JSONText {
        [
            "name": .string("envoy.overload_actions.\(name)"),
            "triggers": [["name": .string(heapMonitor), "threshold": ["value": .decimal(share)]]],
        ]
    }

    private var resetOfTheLargestStreams: JSONText {
        [
            "name": "envoy.overload_actions.reset_high_memory_stream",
            "triggers": [
                [
                    "name": .string(heapMonitor),
                    "scaled": ["scaling_threshold": 0.94, "saturation_threshold": 0.99],
                ]
            ],
        ]
    }
}
