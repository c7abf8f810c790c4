// swift-tools-version: 6.2
import PackageDescription

// Protobuf's code generators for Swift. A package of its own, because building `protoc-gen-swift` next to Fairway would
// drag the C++ sources of `protoc` into every build.
let package = Package(
    name: "protogen",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
    ],
    targets: [
        .target(name: "Protogen")
    ]
)
