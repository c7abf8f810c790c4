import Foundation
import KubernetesModel
import NIOSSL
import Synchronization

/// Gives each request its credentials, following the files and plugins they come from. A file is read again when it
/// changes; while it is unreadable (in the middle of a rotation) the last good content stays in use.
final class CredentialSource: Sendable {
    struct Current: Sendable {
        var headers: [(name: String, value: String)]
        var tls: TLSConfiguration?
    }

    private struct State {
        var files: [String: (stamp: BoundedFile.Stamp?, bytes: [UInt8])] = [:]
        var tls: (inputs: TLSInputs, configuration: TLSConfiguration)?
    }

    private struct TLSInputs: Hashable {
        var authority: [UInt8]?
        var identity: ClientTLS.Identity?
    }

    private let connection: ClusterConnection
    private let plugin: ExecCredentialCache?
    private let state = Mutex(State())

    /// Reads everything that can be read without running a plugin, so that what is missing is known at the start.
    init(connection: ClusterConnection) throws(KubernetesError) {
        self.connection = connection
        plugin = connection.credentials.exec.map { ExecCredentialCache(plugin: $0) }
        _ = try headers(token: nil)
        _ = try tls(pluginIdentity: nil)
    }

    var usesTLS: Bool { connection.server.hasPrefix("https://") }

    func current() async throws(KubernetesError) -> Current {
        let credential = try await plugin?.credential()
        var identity: ClientTLS.Identity?
        if let plugin, let chain = credential?.clientCertificateData, let key = credential?.clientKeyData {
            identity = .init(chain: Array(chain.utf8), key: Array(key.utf8), origin: plugin.origin)
        }
        return Current(headers: try headers(token: credential?.token), tls: try tls(pluginIdentity: identity))
    }

    /// The server refused what `current` gave. Returns whether trying again can help.
    func refused() async -> Bool {
        let hadFiles = state.withLock { state in
            defer { state.files = [:] }
            return !state.files.isEmpty
        }
        await plugin?.forget()
        return plugin != nil || hadFiles
    }

    private func headers(token pluginToken: String?) throws(KubernetesError) -> [(name: String, value: String)] {
        let credentials = connection.credentials
        var headers: [(name: String, value: String)] = []
        if let source = credentials.token {
            let token = try read(source).trimmedText
            guard !token.isEmpty else {
                throw KubernetesError(
                    .credentials, operation: "read token", subject: "\(source)", message: "it is empty")
            }
            headers.append(("Authorization", "Bearer \(token)"))
        } else if let pluginToken, !pluginToken.isEmpty {
            headers.append(("Authorization", "Bearer \(pluginToken)"))
        } else if let user = credentials.username {
            let password = try credentials.password.map { source throws(KubernetesError) in try read(source) } ?? []
            let pair = Data("\(user):".utf8) + password
            headers.append(("Authorization", "Basic \(pair.base64EncodedString())"))
        }
        if let impersonation = credentials.impersonation {
            headers.append(("Impersonate-User", impersonation.user))
            if let uid = impersonation.uid { headers.append(("Impersonate-Uid", uid)) }
            headers += impersonation.groups.map { ("Impersonate-Group", $0) }
        }
        return headers
    }

    private func tls(pluginIdentity: ClientTLS.Identity?) throws(KubernetesError) -> TLSConfiguration? {
        guard usesTLS else { return nil }
        var inputs = TLSInputs(authority: nil, identity: pluginIdentity)
        if let authority = connection.certificateAuthority { inputs.authority = try read(authority) }
        if let certificate = connection.credentials.clientCertificate, let key = connection.credentials.clientKey {
            inputs.identity = .init(
                chain: try read(certificate), key: try read(key), origin: "\(certificate) and \(key)")
        }
        let last = state.withLock { $0.tls }
        if let last, last.inputs == inputs { return last.configuration }
        do {
            let configuration = try ClientTLS.configuration(
                authority: inputs.authority.map { ($0, connection.certificateAuthority?.description ?? "") },
                identity: inputs.identity, skipsCertificateCheck: connection.skipsCertificateCheck)
            state.withLock { $0.tls = (inputs, configuration) }
            return configuration
        } catch {
            // Half of a rotation: the certificate is new and the key is not yet.
            if let last { return last.configuration }
            throw error
        }
    }

    private func read(_ material: ClusterConnection.Material) throws(KubernetesError) -> [UInt8] {
        guard case .file(let path) = material else { return try material.read() }
        let stamp = BoundedFile.stamp(of: path)
        let known = state.withLock { $0.files[path] }
        if let known, stamp == nil || stamp == known.stamp { return known.bytes }
        do {
            let bytes = try material.read()
            state.withLock { $0.files[path] = (stamp, bytes) }
            return bytes
        } catch {
            if let known { return known.bytes }
            throw error
        }
    }
}
