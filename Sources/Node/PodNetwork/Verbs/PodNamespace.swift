import Glibc
import Netlink

/// Opening the namespace that a runtime names.
enum PodNamespace {
    /// The path means what the CNI executable sees: an agent in a container has other mounts. Its view is tried first, while the
    /// executable waits for our answer, then our own.
    static func open(_ path: String, seenBy caller: Int32?) throws(CNIError) -> NetworkNamespace {
        guard path.hasPrefix("/"), path.utf8.count < 4096, !path.utf8.contains(0) else {
            throw CNIError(.invalidEnvironment, "CNI_NETNS \"\(path.prefix(80))\" is not an absolute path")
        }
        if let caller, caller > 0, let seen = try? NetworkNamespace(path: "/proc/\(caller)/root\(path)") { return seen }
        do throws(KernelError) {
            return try NetworkNamespace(path: path)
        } catch {
            throw CNIError(
                error.isNotFound || error.code == ENOTTY ? .unknownContainer : .ioFailure,
                "the pod's network namespace \(path) cannot be opened", details: "\(error)")
        }
    }
}
