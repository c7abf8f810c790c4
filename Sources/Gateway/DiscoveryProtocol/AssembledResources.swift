/// The bytes of composite resources, put together once per version and shared by all proxies.
package struct AssembledResources: Sendable {
    private var newest: [ResourceName: [(version: ContentHash, bytes: [UInt8])]] = [:]
    /// Proxies differ for a moment only, while one of them waits for a cluster; two versions cover it.
    private let versionsKept = 2

    package init() {}

    mutating func bytes(of name: ResourceName, _ content: inout CompositeResource) -> [UInt8] {
        guard !content.parts.isEmpty else { return content.head.bytes }
        let version = content.version
        if let known = newest[name]?.first(where: { $0.version == version }) { return known.bytes }
        let bytes = content.assembled()
        newest[name, default: []].insert((version, bytes), at: 0)
        if let count = newest[name]?.count, count > versionsKept { newest[name]?.removeLast() }
        return bytes
    }

    mutating func forget(_ name: ResourceName) {
        newest[name] = nil
    }
}
