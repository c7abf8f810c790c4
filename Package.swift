// swift-tools-version: 6.2
import PackageDescription

// One array for every target of ours, so that a rule is never true in one room only.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

// Generated code is not ours to polish: same language mode, no warning rules.
let generatedSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let extrasCrypto = Target.Dependency.product(name: "_CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let grpcTransport = Target.Dependency.product(
    name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A room: a library target at `Sources/<folder>/<name>`.
func room(_ name: String, in folder: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)", swiftSettings: settings)
}

/// The tests of one room. `fixtures` are folders of texts that tests read from the checkout.
func tests(of name: String, uses dependencies: [Target.Dependency] = [], fixtures: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        path: "Tests/\(name)Tests", exclude: fixtures, swiftSettings: settings)
}

let package = Package(
    name: "fairway",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "fairway", targets: ["fairway"]),
        .executable(name: "fairway-cni", targets: ["fairway-cni"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // Foundations: vocabulary, bytes, system calls.
        room("NetTypes", in: "Foundations"),
        room("Patterns", in: "Foundations"),
        .target(name: "CLinux", path: "Sources/Foundations/CLinux"),
        room("WireCodec", in: "Foundations"),
        room("TLSMaterial", in: "Foundations", uses: [x509, crypto, extrasCrypto, asn1]),

        // Cluster: how objects arrive.
        room("KubernetesModel", in: "Cluster"),
        room("CommonExpressions", in: "Cluster", uses: ["NetTypes", "Patterns"]),
        room("PolicyDefinitions", in: "Cluster", uses: ["KubernetesModel"]),
        room(
            "KubernetesClient", in: "Cluster",
            uses: ["KubernetesModel", asyncHTTPClient, nio, nioHTTP1, nioSSL, logging, yams, subprocess]),
        room("Manifests", in: "Cluster", uses: ["KubernetesModel", "KubernetesClient", logging, yams]),
        room("KubernetesStore", in: "Cluster", uses: ["KubernetesModel", "KubernetesClient", logging, metrics]),
        room(
            "LocalCluster", in: "Cluster",
            uses: [
                "KubernetesModel", "CommonExpressions", "PolicyDefinitions", "Patterns", "NetTypes", "TLSMaterial",
                hummingbird, hummingbirdTLS, nio, nioSSL, logging, grdb, lifecycle, yams,
            ]),

        // Traffic: intent → decisions, pure.
        room("TrafficPlan", in: "Traffic", uses: ["NetTypes", "Patterns"]),
        room(
            "TrafficCompiler", in: "Traffic",
            uses: ["TrafficPlan", "KubernetesModel", "NetTypes", "TLSMaterial", crypto]),

        // Gateway: Envoy's road.
        .target(
            name: "EnvoyAPI", dependencies: [protobuf, grpcCore, grpcProtobuf], path: "Sources/Gateway/EnvoyAPI",
            swiftSettings: generatedSettings),
        room(
            "EnvoyTranslation", in: "Gateway",
            uses: ["TrafficPlan", "NetTypes", "EnvoyAPI", "DiscoveryProtocol", protobuf]),
        room("DiscoveryProtocol", in: "Gateway", uses: ["TrafficPlan"]),
        room(
            "DiscoveryServer", in: "Gateway",
            uses: [
                "DiscoveryProtocol", "EnvoyAPI", grpcCore, grpcTransport, protobuf, logging, metrics, nioPosix,
            ]),
        room(
            "EnvoyProcess", in: "Gateway",
            uses: ["NetTypes", subprocess, asyncHTTPClient, nio, nioHTTP1, nioPosix, lifecycle, logging, metrics]),
        room(
            "RedisClient", in: "Gateway", uses: ["NetTypes", nio, nioPosix, nioSSL, nioTLS, crypto, logging]),
        room(
            "RateLimiter", in: "Gateway",
            uses: ["TrafficPlan", "NetTypes", "RedisClient", jwtKit, crypto, logging, metrics]),
        room(
            "RateLimitService", in: "Gateway",
            uses: [
                "RateLimiter", "RedisClient", "TrafficPlan", "NetTypes", "EnvoyAPI", "EnvoyTranslation",
                "DiscoveryServer",
                "Telemetry", grpcCore, grpcTransport, protobuf, logging, metrics, nio, nioPosix, lifecycle,
            ]),
        room(
            "GatewayController", in: "Gateway",
            uses: [
                "KubernetesModel", "KubernetesClient", "KubernetesStore", "TrafficPlan", "TrafficCompiler",
                "EnvoyTranslation", "DiscoveryProtocol", "DiscoveryServer", "EnvoyProcess", "Explain", "Manifests",
                "RateLimiter", "RateLimitService", "PolicyDefinitions", "Telemetry", "NetTypes", lifecycle, logging,
                metrics,
            ]),

        // Node: the packet's road.
        room("Netlink", in: "Node", uses: ["NetTypes", "CLinux", "WireCodec"]),
        room("ServiceRules", in: "Node", uses: ["NetTypes", "KubernetesModel"]),
        room(
            "PodNetwork", in: "Node",
            uses: ["NetTypes", "CLinux", "WireCodec", "Netlink", "KubernetesModel", logging, metrics]),
        room(
            "NodeAgent", in: "Node",
            uses: [
                "NetTypes", "CLinux", "Netlink", "ServiceRules", "PodNetwork", "KubernetesModel", "KubernetesClient",
                "KubernetesStore", "Telemetry", lifecycle, logging, metrics, nio, nioPosix, nioHTTP1, hummingbird,
            ]),

        // Operations: metrics, health, explain, and a server that echoes.
        room("Telemetry", in: "Operations", uses: [coreMetrics, hummingbird, logging, nio]),
        room("Explain", in: "Operations", uses: ["TrafficPlan", "NetTypes"]),
        room(
            "EchoServer", in: "Operations",
            uses: [
                nio, nioPosix, nioHTTP1, nioHTTP2, nioTLS, nioSSL, nioWebSocket, "TLSMaterial", crypto, logging,
                lifecycle,
            ]),

        // Programs: parse, wire, run.
        room(
            "Lab", in: "Programs",
            uses: [
                "NetTypes", "CLinux", "Netlink", "NodeAgent", "PodNetwork", "LocalCluster", "KubernetesModel",
                "KubernetesClient", "KubernetesStore", "Manifests", subprocess, lifecycle, logging, nio, nioPosix,
            ]),
        .executableTarget(
            name: "fairway-cni", path: "Sources/Programs/fairway-cni", swiftSettings: settings),
        .executableTarget(
            name: "fairway",
            dependencies: [
                "GatewayController", "RateLimiter", "RateLimitService", "RedisClient", "NodeAgent", "Lab", "PodNetwork",
                "ServiceRules", "Netlink", "PolicyDefinitions", "LocalCluster", "Manifests", "KubernetesClient",
                "KubernetesStore", "KubernetesModel", "TrafficPlan", "EchoServer", "Telemetry", "EnvoyProcess",
                "TLSMaterial",
                "NetTypes", argumentParser, lifecycle, unixSignals, coreMetrics, nioHTTP1, "DiscoveryServer", logging,
                metrics, asyncHTTPClient, nio,
            ],
            path: "Sources/Programs/fairway", swiftSettings: settings),

        // What Benchmarks/run measures of the compiler alone.
        .executableTarget(
            name: "CompileBenchmark",
            dependencies: ["KubernetesModel", "TrafficCompiler", "EnvoyTranslation", "DiscoveryProtocol"],
            path: "Benchmarks/CompileBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "RateLimitBenchmark",
            dependencies: [
                "RateLimiter", "RateLimitService", "RedisClient", "TrafficPlan", "NetTypes", "EnvoyAPI", grpcCore,
                grpcTransport, logging,
            ],
            path: "Benchmarks/RateLimitBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "NodeBenchmark",
            dependencies: [
                "Netlink", "ServiceRules", "PodNetwork", "NodeAgent", "KubernetesModel", "NetTypes", "CLinux", logging,
            ],
            path: "Benchmarks/NodeBenchmark", swiftSettings: settings),

        // Tests mirror the rooms.
        .target(
            name: "TestSupport", dependencies: [nio, nioPosix], path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests(of: "NetTypes"),
        tests(of: "Patterns"),
        tests(of: "WireCodec"),
        tests(of: "TLSMaterial", uses: [x509, asn1]),
        tests(of: "CommonExpressions", uses: ["NetTypes"]),
        tests(of: "PolicyDefinitions", uses: ["KubernetesModel", "LocalCluster", yams]),
        tests(of: "KubernetesModel"),
        tests(of: "Manifests", uses: ["KubernetesModel"]),
        tests(
            of: "KubernetesClient",
            uses: ["KubernetesModel", "TLSMaterial", nio, nioSSL, logging]),
        tests(of: "KubernetesStore", uses: ["KubernetesModel", "KubernetesClient", logging]),
        tests(
            of: "LocalCluster",
            uses: ["KubernetesModel", "NetTypes", asyncHTTPClient, nio, nioHTTP1, nioSSL]),
        tests(of: "TrafficPlan", uses: ["NetTypes"]),
        tests(
            of: "TrafficCompiler", uses: ["TrafficPlan", "KubernetesModel", "NetTypes", "TLSMaterial", yams],
            fixtures: ["Goldens"]),
        tests(
            of: "EnvoyTranslation", uses: ["TrafficPlan", "DiscoveryProtocol", "EnvoyAPI", protobuf]),
        tests(of: "DiscoveryProtocol", uses: ["TrafficPlan"]),
        tests(
            of: "DiscoveryServer",
            uses: [
                "TrafficPlan", "DiscoveryProtocol", "EnvoyAPI", "TLSMaterial", protobuf, asyncHTTPClient, nio, nioHTTP1,
                nioSSL, logging,
            ]),
        tests(of: "EnvoyProcess", uses: ["NetTypes", subprocess, asyncHTTPClient, nio, nioHTTP1, logging]),
        tests(
            of: "GatewayController",
            uses: ["KubernetesModel", "TrafficCompiler"]),
        tests(of: "RedisClient", uses: ["NetTypes", "TLSMaterial", subprocess, nio, nioSSL, logging]),
        tests(
            of: "RateLimiter", uses: ["TrafficPlan", "NetTypes", "RedisClient", jwtKit, subprocess, logging, nio]),
        tests(
            of: "RateLimitService",
            uses: [
                "RateLimiter", "RedisClient", "TrafficPlan", "NetTypes", "EnvoyAPI", "EnvoyTranslation",
                "DiscoveryServer",
                grpcCore, grpcTransport, protobuf, logging,
            ]),
        tests(of: "Netlink", uses: ["NetTypes", "CLinux", "WireCodec", subprocess]),
        tests(of: "ServiceRules", uses: ["NetTypes", "KubernetesModel"]),
        tests(of: "PodNetwork", uses: ["NetTypes", "CLinux", "Netlink", "KubernetesModel", subprocess, logging]),
        tests(
            of: "NodeAgent",
            uses: [
                "NetTypes", "CLinux", "Netlink", "ServiceRules", "PodNetwork", "KubernetesModel", "KubernetesClient",
                "fairway-cni", subprocess, logging, nio, nioPosix,
            ]),
        tests(of: "Lab", uses: ["NodeAgent", "Netlink", "NetTypes", "CLinux", "KubernetesModel", subprocess, logging]),
        tests(of: "Telemetry", uses: [coreMetrics, asyncHTTPClient, logging, nio, nioHTTP1]),
        tests(of: "Explain", uses: ["TrafficPlan", "NetTypes"]),
        tests(of: "EchoServer", uses: [nio, nioPosix, subprocess, logging]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "fairway", "fairway-cni", "KubernetesModel", "KubernetesClient", "TrafficPlan",
                "TrafficCompiler",
                "EchoServer", "RateLimiter", "RedisClient", "RateLimitService", "EnvoyTranslation", "DiscoveryProtocol",
                "DiscoveryServer", "EnvoyProcess", lifecycle, "TLSMaterial", "NetTypes", asyncHTTPClient, crypto, nio,
                nioPosix,
                nioHTTP1, nioHTTP2, nioTLS, nioSSL,
                subprocess, logging,
            ],
            path: "Tests/EndToEndTests", swiftSettings: settings),
    ]
)
