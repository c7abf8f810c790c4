/// A certificate chain and its key, both PEM.
package struct Certificate: Hashable, Sendable {
    package var chain: String
    package var key: PrivateKey
    package var origin: Origin

    package init(chain: String, key: PrivateKey, origin: Origin) {
        self.chain = chain
        self.key = key
        self.origin = origin
    }
}

/// A private key that does not print itself.
package struct PrivateKey: Hashable, Sendable {
    package var pem: String

    package init(pem: String) { self.pem = pem }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "redacted" }
    package var debugDescription: String { "redacted" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
