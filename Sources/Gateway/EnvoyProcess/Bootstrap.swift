/// Envoy's bootstrap (`envoy.config.bootstrap.v3.Bootstrap`) as JSON: what must hold before the first word from us.
///
/// Everything else comes over ADS. The admin interface is a unix socket and never a port.
struct Bootstrap: Sendable {
    static let discoveryCluster = "fairway_discovery"

    var nodeID: String
    var nodeCluster: String
    var adminSocket: String
    var discoverySocket: String
    var maxConnections: Int
    var maxHeapBytes: UInt64
    /// Instead of discovery, for tests.
    var staticResources: JSONText?

    var document: String { json.document }

    private var json: JSONText {
        var members: [JSONText.Member] = [
            .init(key: "node", value: ["id": .string(nodeID), "cluster": .string(nodeCluster)]),
            .init(
                key: "admin",
                value: [
                    "address": ["pipe": ["path": .string(adminSocket), "mode": 0o600]],
                    // An operator must get in when clients have filled the house.
                    "ignore_global_conn_limit": true,
                ]),
        ]
        if let staticResources {
            members.append(.init(key: "static_resources", value: staticResources))
        } else {
            members.append(.init(key: "dynamic_resources", value: dynamicResources))
            members.append(.init(key: "static_resources", value: ["clusters": [discovery]]))
        }
        members += [
            .init(key: "layered_runtime", value: layeredRuntime),
            .init(key: "overload_manager", value: overloadManager),
            .init(key: "stats_config", value: statsConfig),
            // A backend's counters cost memory only once it has been asked.
            .init(key: "deferred_stat_options", value: ["enable_deferred_creation_stats": true]),
            .init(
                key: "default_regex_engine",
                value: [
                    "name": "envoy.regex_engines.google_re2",
                    "typed_config": ["@type": "type.googleapis.com/envoy.extensions.regex_engines.v3.GoogleRE2"],
                ]),
        ]
        return .object(members)
    }

    private var dynamicResources: JSONText {
        // No time limit on the first answer: with one, Envoy would open for business without configuration.
        let overADS: JSONText = ["ads": [:], "resource_api_version": "V3", "initial_fetch_timeout": "0s"]
        return [
            "lds_config": overADS,
            "cds_config": overADS,
            "ads_config": [
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": true,
                "grpc_services": [
                    [
                        "envoy_grpc": [
                            "cluster_name": .string(Self.discoveryCluster),
                            // A controller that was restarted is found again within half a second; the default
                            // grows to half a minute.
                            "retry_policy": [
                                "retry_back_off": ["base_interval": "0.100s", "max_interval": "0.500s"]
                            ],
                        ]
                    ]
                ],
            ],
        ]
    }

    private var discovery: JSONText {
        [
            "name": .string(Self.discoveryCluster),
            "type": "STATIC",
            "connect_timeout": "1s",
            // Not subject to limits that are meant for traffic.
            "circuit_breakers": [
                "thresholds": [["max_connections": 100, "max_pending_requests": 1000, "max_requests": 1000]]
            ],
            "typed_extension_protocol_options": [
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": [
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    // No keepalive pings: on a unix socket the kernel tells at once when the other side is gone.
                    "explicit_http_config": ["http2_protocol_options": [:]],
                ]
            ],
            "load_assignment": [
                "cluster_name": .string(Self.discoveryCluster),
                "endpoints": [
                    [
                        "lb_endpoints": [
                            ["endpoint": ["address": ["pipe": ["path": .string(discoverySocket)]]]]
                        ]
                    ]
                ],
            ],
        ]
    }

    private var layeredRuntime: JSONText {
        [
            "layers": [
                [
                    "name": "fairway",
                    "static_layer": [
                        // A regex whose program is larger than this is refused instead of eating the CPU.
                        "re2.max_program_size.error_level": 32768,
                        // A client that opens and resets streams at once (CVE-2023-44487) loses its connection.
                        "overload.premature_reset_total_stream_count": 500,
                        "overload.premature_reset_min_stream_lifetime_seconds": 1,
                    ],
                ]
            ]
        ]
    }

    private var statsConfig: JSONText {
        let families = [
            "cluster_manager.", "control_plane.", "fairway_per_proxy.", "http.", "listener.", "listener_manager.",
            "overload.", "server.",
        ]
        let patterns = families.map { JSONText.object([.init(key: "prefix", value: .string($0))]) }
        // Of the 120 numbers a backend has, those an operator looks at: 31 KB each instead of 52 KB (measured).
        let perBackend = #"""
            cluster\.[^.]+\.(upstream_rq_(total|active|timeout|retry|retry_success|pending_overflow|[1-5]xx)|\#
            upstream_cx_(active|total|connect_fail|connect_timeout|overflow)|membership_(total|healthy))
            """#
        return [
            "stats_matcher": [
                "inclusion_list": ["patterns": .array(patterns + [["safe_regex": ["regex": .string(perBackend)]]])]
            ]
        ]
    }
}
