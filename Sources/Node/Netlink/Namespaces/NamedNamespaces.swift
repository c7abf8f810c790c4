import CLinux
import Glibc

/// Namespaces with a name: files in a folder, onto which a namespace is bind-mounted, as `ip netns` keeps them in `/run/netns`.
package struct NamedNamespaces: Sendable {
    /// Without a slash at its end.
    package let folder: String

    /// The folder of ip-netns(8).
    package static let system = NamedNamespaces(folder: "/run/netns")

    package init(folder: String) {
        self.folder = folder
    }

    package func path(of name: String) -> String { "\(folder)/\(name)" }

    package func open(_ name: String) throws(KernelError) -> NetworkNamespace {
        try NetworkNamespace(path: path(of: name))
    }

    /// Makes a new, empty namespace (its loopback is down) and gives it a name. EEXIST where the name is taken.
    package func create(_ name: String) throws(KernelError) -> NetworkNamespace {
        try prepareFolder()
        let path = path(of: name)
        let operation = "create the network namespace \(path)"
        let file = try checked(clinux_open(path, O_RDONLY | O_CREAT | O_EXCL, 0o444), operation)
        close(file)
        let outcome = Outcome<Int32>()
        Thread.detach(name: "netns-new") {
            var code = clinux_unshare(CLINUX_CLONE_NEWNET)
            if code >= 0 { code = clinux_bind_mount("/proc/thread-self/ns/net", path, 0) }
            outcome.set(code)
        }
        let code = outcome.wait()
        guard code >= 0 else {
            unlink(path)
            throw KernelError(operation, code: -code)
        }
        return try NetworkNamespace(path: path)
    }

    /// Takes the name away. The namespace itself ends when nothing uses it any more: its veth pairs go with it.
    package func remove(_ name: String) throws(KernelError) {
        let path = path(of: name)
        let code = clinux_detach(path)
        // EINVAL: a plain file, as a crash between making and mounting leaves it.
        guard code >= 0 || code == -EINVAL else {
            throw KernelError("remove the network namespace \(path)", code: -code)
        }
        guard unlink(path) == 0 else { throw KernelError("remove the network namespace \(path)", code: errno) }
    }

    /// Names in order; none where the folder does not exist.
    package func list() throws(KernelError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw KernelError("list \(folder)", code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The folder must be a mount of its own with shared propagation, so that names made here appear in, and vanish from, other mount
    /// namespaces too.
    private func prepareFolder() throws(KernelError) {
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw KernelError("create the folder \(folder)", code: errno)
        }
        if clinux_make_shared(folder) >= 0 { return }
        // EINVAL: not a mount yet. Where a container may not mount so, names are seen in its own mount namespace only.
        guard clinux_bind_mount(folder, folder, 1) >= 0 else { return }
        _ = clinux_make_shared(folder)
    }
}
