import Foundation
import KubernetesModel

/// A plugin's last credential, until it expires or the server refuses it. Several requests at once run the plugin once.
actor ExecCredentialCache {
    private let plugin: ExecPlugin
    private var last: ExecCredential.Status?
    private var isRunning = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated var origin: String { plugin.origin }

    init(plugin: ExecPlugin) { self.plugin = plugin }

    func credential() async throws(KubernetesError) -> ExecCredential.Status {
        // The plugin ends within its own deadline, so nobody waits for ever.
        while isRunning { await withCheckedContinuation { waiting.append($0) } }
        if let last, !hasExpired(last) { return last }
        isRunning = true
        defer {
            isRunning = false
            let woken = waiting
            waiting = []
            for continuation in woken { continuation.resume() }
        }
        let fresh = try await plugin.run()
        last = fresh
        return fresh
    }

    func forget() { last = nil }

    private func hasExpired(_ credential: ExecCredential.Status) -> Bool {
        guard let end = credential.expirationTimestamp else { return false }
        // A request may be on its way for a while.
        return Int64(Date().timeIntervalSince1970) + 5 >= end.secondsSinceEpoch
    }
}
