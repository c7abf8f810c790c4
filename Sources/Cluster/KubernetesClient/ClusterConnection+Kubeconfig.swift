import FoundationEssentials
import Yams

extension ClusterConnection {
    /// As kubectl finds and reads it: the given file, else every file that `KUBECONFIG` lists, merged (the first to
    /// name a thing wins), else `~/.kube/config`. Relative paths are relative to the file they stand in.
    package static func kubeconfig(
        path: String?, context: String? = nil, environment: [String: String]
    ) throws(KubernetesError) -> ClusterConnection {
        let merged = try MergedKubeconfig(paths: kubeconfigPaths(path, environment))
        return try merged.connection(context: context, environment: environment)
    }

    private static func kubeconfigPaths(
        _ path: String?, _ environment: [String: String]
    ) throws(KubernetesError) -> KubeconfigPaths {
        if let path { return KubeconfigPaths(paths: [path], mayBeMissing: false, source: path) }
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            let paths = list.split(separator: ":").map(String.init)
            return KubeconfigPaths(paths: paths, mayBeMissing: true, source: "KUBECONFIG=\(list)")
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw KubernetesError(
                .configuration, operation: "find kubeconfig", subject: "~/.kube/config",
                message: "HOME is not set; name a file with --kubeconfig or KUBECONFIG")
        }
        let standard = "\(home)/.kube/config"
        return KubeconfigPaths(paths: [standard], mayBeMissing: false, source: standard)
    }
}

struct KubeconfigPaths {
    var paths: [String]
    var mayBeMissing: Bool
    var source: String
}

/// Several kubeconfig files as one; every entry remembers its file.
struct MergedKubeconfig {
    struct Entry<Value> {
        var value: Value
        var file: String
    }

    var currentContext: String?
    var clusters: [String: Entry<KubeconfigFile.Cluster>] = [:]
    var users: [String: Entry<KubeconfigFile.User>] = [:]
    var contexts: [String: Entry<KubeconfigFile.Context>] = [:]
    var source: String

    init(paths: KubeconfigPaths) throws(KubernetesError) {
        source = paths.source
        var found = 0
        for path in paths.paths {
            if paths.mayBeMissing, BoundedFile.stamp(of: path) == nil { continue }
            merge(try Self.read(path), from: path)
            found += 1
        }
        guard found > 0 else {
            throw KubernetesError(
                .configuration, operation: "read kubeconfig", subject: paths.source, message: "no such file")
        }
    }

    private static func read(_ path: String) throws(KubernetesError) -> KubeconfigFile {
        do {
            let text = String(decoding: try BoundedFile.read(path, limit: 8 << 20), as: UTF8.self)
            if text.allSatisfy(\.isWhitespace) { return KubeconfigFile() }
            return try YAMLDecoder().decode(KubeconfigFile.self, from: text)
        } catch let error as BoundedFile.Failure {
            throw KubernetesError(
                .configuration, operation: "read kubeconfig", subject: path, message: error.reason, cause: error)
        } catch {
            throw KubernetesError(
                .configuration, operation: "read kubeconfig", subject: path, message: yamlReason(error), cause: error)
        }
    }

    /// The place and the reason, never the text: it may hold keys.
    private static func yamlReason(_ error: any Error) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            "not YAML: \(problem) in line \(mark.line)"
        case DecodingError.dataCorrupted(let context) where context.underlyingError is YamlError:
            context.underlyingError.map(yamlReason) ?? ""
        case let error as DecodingError:
            DecodingFailure.reason(error)
        default:
            "not a kubeconfig file"
        }
    }

    private mutating func merge(_ file: KubeconfigFile, from path: String) {
        if currentContext ?? "" == "" { currentContext = file.currentContext }
        for cluster in file.clusters ?? [] where clusters[cluster.name] == nil {
            clusters[cluster.name] = Entry(value: cluster.cluster ?? .init(), file: path)
        }
        for user in file.users ?? [] where users[user.name] == nil {
            users[user.name] = Entry(value: user.user ?? .init(), file: path)
        }
        for context in file.contexts ?? [] where contexts[context.name] == nil {
            contexts[context.name] = Entry(value: context.context ?? .init(), file: path)
        }
    }
}
