import FoundationEssentials
import GRDB
import KubernetesModel
import NIOCore

/// Objects in one SQLite file.
///
/// The log is written ahead (WAL) and not forced to the disk at each commit (`synchronous=NORMAL`): a change that was
/// acknowledged survives the end of this process, `kill -9` included, because the kernel has it. A power cut may lose
/// the last changes, never the file. That is a deliberate choice for a development tool; it makes a write cost tens of
/// microseconds.
final class SQLiteStorage: DurableStorage {
    private let queue: DatabaseQueue
    private let path: String

    /// Opens or makes `cluster.db` in a folder, and holds it against other processes.
    init(directory: String) throws(LocalClusterError) {
        path = directory + "/cluster.db"
        var configuration = Configuration()
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        // It holds Secrets. SQLite gives its other files the mode of this one.
        try PrivateFile.makeIfMissing(path)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.write { database in
                try database.execute(sql: Self.schema)
                let check = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
                guard check == "ok" else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: check)
                }
            }
        } catch {
            throw Self.openFailure(error, path: path)
        }
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS objects (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            revision INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, namespace, name)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        """

    private static func openFailure(_ error: any Error, path: String) -> LocalClusterError {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_BUSY?, .SQLITE_LOCKED?:
            .unreadable(file: path, reason: "another process is using it; stop that one, or choose another --data-dir")
        case .SQLITE_NOTADB?, .SQLITE_CORRUPT?:
            .unreadable(
                file: path,
                reason: "it is damaged or no database of ours (\(error)); move it away to begin with an empty cluster")
        default: .unreadable(file: path, reason: "\(error)")
        }
    }

    func write(_ changes: [StoredChange]) throws(StorageFailure) {
        guard let last = changes.last else { return }
        do {
            try queue.write { database in
                for change in changes { try Self.write(change, to: database) }
                try database.cachedStatement(
                    sql: "INSERT OR REPLACE INTO counters (name, value) VALUES ('revision', ?)"
                ).execute(arguments: [Int64(clamping: last.revision)])
            }
        } catch {
            let code = (error as? DatabaseError)?.resultCode
            throw StorageFailure(
                file: path, reason: "\(error)", isFull: code == .SQLITE_FULL || code == .SQLITE_IOERR)
        }
    }

    private static func write(_ change: StoredChange, to database: Database) throws {
        let kind = change.key.description
        guard let object = change.new else {
            try database.cachedStatement(
                sql: "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?"
            ).execute(arguments: [kind, change.name.namespace, change.name.name])
            return
        }
        try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO objects (kind, namespace, name, revision, body) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [
            kind, change.name.namespace, change.name.name, Int64(clamping: object.revision),
            Data(object.bytes.readableBytesView),
        ])
    }

    /// What the file holds, as a state; `nil` if it is new.
    func load(into empty: (_ revision: UInt64) -> ClusterState) throws(LocalClusterError) -> ClusterState? {
        let rows: [Row]
        let revision: UInt64?
        do {
            (rows, revision) = try queue.read { database in
                (
                    try Row.fetchAll(
                        database, sql: "SELECT kind, namespace, name, revision, body FROM objects"),
                    try Int64.fetchOne(database, sql: "SELECT value FROM counters WHERE name = 'revision'").map {
                        UInt64(clamping: $0)
                    }
                )
            }
        } catch {
            throw .unreadable(file: path, reason: "\(error)")
        }
        guard let revision else { return nil }
        var state = empty(revision)
        let definitions = Keys.definitions.description
        // Definitions first: they say how the objects of their kinds are selected.
        for isDefinition in [true, false] {
            for row in rows where (row["kind"] as String == definitions) == isDefinition {
                try restore(row, into: &state)
            }
            if isDefinition { state.defineStoredKinds() }
        }
        state.restored()
        return state
    }

    private func restore(_ row: Row, into state: inout ClusterState) throws(LocalClusterError) {
        let kind: String = row["kind"]
        let name = ObjectName(namespace: row["namespace"], name: row["name"])
        let body: Data = row["body"]
        let revision: Int64 = row["revision"]
        let parts = kind.split(separator: ".", maxSplits: 1)
        let key = StorageKey(group: parts.count > 1 ? String(parts[1]) : "", plural: String(parts[0]))
        do throws(JSONParseError) {
            let value = try JSONValue(parsing: body, maxDepth: 1000)
            let object = StoredObject(
                value, name: name, revision: UInt64(clamping: revision),
                selectable: state.registry[key: key]?.selectableFields ?? [:])
            state.store.restore(object, in: key)
        } catch {
            throw .unreadable(file: path, reason: "the stored \(kind) \(name) is damaged: \(error)")
        }
    }
}
