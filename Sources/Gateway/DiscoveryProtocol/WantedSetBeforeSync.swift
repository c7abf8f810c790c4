/// What is wanted while the stores are still filling: it is complete, and may replace what a restart left, only when
/// it is said to be.
package struct WantedSetBeforeSync: Sendable {
    private var resources: [ResourceName: DiscoveryResource] = [:]
    private var parts: [ResourceName: [String: ResourcePart]] = [:]

    package init() {}

    package mutating func apply(_ change: ResourceChange) {
        for name in change.removals {
            resources[name] = nil
            parts[name] = nil
        }
        for resource in change.upserts { resources[resource.name] = resource }
        for (name, changed) in change.parts where resources[name] != nil {
            for (key, part) in changed { parts[name, default: [:]][key] = part }
        }
    }

    /// The change that makes the wanted set out of what is served now.
    package func change(from served: ServedSet) -> ResourceChange {
        var change = ResourceChange(upserts: Array(resources.values))
        for (name, resource) in served.resources {
            guard resources[name] != nil else {
                change.removals.append(name)
                continue
            }
            for key in resource.parts.keys where parts[name]?[key] == nil {
                change.parts[name, default: [:]][key] = ResourcePart??.some(nil)
            }
        }
        for (name, wanted) in parts {
            change.parts[name, default: [:]].merge(wanted.mapValues(Optional.some)) { _, new in new }
        }
        return change
    }
}
