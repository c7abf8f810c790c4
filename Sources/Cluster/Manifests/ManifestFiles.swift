import FoundationEssentials

/// The manifest files that a list of paths names, and how each looked when it was last seen.
struct ManifestFiles: Sendable {
    /// Two looks at a file with equal signatures are taken for equal content.
    struct Signature: Hashable, Sendable {
        var modified: Date
        var bytes: Int
        var inode: Int
    }

    struct Change: Sendable {
        var readable: [String] = []
        var gone: [String] = []
    }

    private static let endings = [".yaml", ".yml", ".json"]

    private let paths: [String]
    private var seen: [String: Signature] = [:]

    init(paths: [String]) { self.paths = paths }

    /// Paths that do not exist.
    var missing: [String] {
        paths.filter { !FileManager.default.fileExists(atPath: $0) }
    }

    /// What came, changed or went since the last look. Folders are not entered more than one level deep, as with
    /// `kubectl apply -f`.
    mutating func look() -> Change {
        var present: [String: Signature] = [:]
        for file in paths.flatMap(Self.files(at:)) {
            present[file] = Self.signature(of: file)
        }
        let change = Change(
            readable: present.keys.filter { present[$0] != seen[$0] }.sorted(),
            gone: seen.keys.filter { present[$0] == nil }.sorted())
        seen = present
        return change
    }

    private static func files(at path: String) -> [String] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
        guard isFolder else { return [path] }
        // A folder that cannot be read now is looked at again in a moment.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        return names.filter { name in !name.hasPrefix(".") && endings.contains { name.hasSuffix($0) } }
            .map { "\(folder)/\($0)" }
    }

    private static func signature(of file: String) -> Signature? {
        // A file that vanished between the listing and this line counts as gone.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file),
            let modified = attributes[.modificationDate] as? Date
        else { return nil }
        return Signature(
            modified: modified, bytes: attributes[.size] as? Int ?? 0,
            inode: attributes[.systemFileNumber] as? Int ?? 0)
    }

    static func read(_ file: String) -> ManifestFile {
        do {
            let bytes = try Data(contentsOf: URL(filePath: file))
            return ManifestFile(parsing: String(decoding: bytes, as: UTF8.self), file: file)
        } catch {
            return ManifestFile(unreadable: file, reason: "cannot be read: \(error)")
        }
    }
}

extension ManifestFile {
    /// All files that the paths name, read once.
    package static func all(at paths: [String]) throws(ManifestFollower.MissingPath) -> [ManifestFile] {
        var files = ManifestFiles(paths: paths)
        if let path = files.missing.first { throw ManifestFollower.MissingPath(path: path) }
        return files.look().readable.map(ManifestFiles.read)
    }
}
