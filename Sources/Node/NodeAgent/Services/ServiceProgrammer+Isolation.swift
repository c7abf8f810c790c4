package import NetTypes

/// The policy maps of pods: committed before a pod's first packet, and gone with its link.
extension ServiceProgrammer {
    /// Returns when the kernel has the pod's entries.
    package func setIsolation(_ isolation: PodIsolation, pods: [IPAddress]) throws {
        try kernel.isolate(pods, isolation)
    }

    package func clearIsolation(pods: [IPAddress]) throws {
        try kernel.release(pods)
    }

    /// Exactly these pods have entries: those that have none yet get `isolation`, and those of other addresses go.
    package func restoreIsolation(_ isolation: PodIsolation, pods: [IPAddress]) throws {
        let wanted = Set(pods)
        try kernel.release(kernel.isolations.keys.filter { !wanted.contains($0) })
        try kernel.isolate(wanted.filter { kernel.isolations[$0] == nil }, isolation)
    }

    package func isolation(of pod: IPAddress) -> PodIsolation? { kernel.isolations[pod] }
}
