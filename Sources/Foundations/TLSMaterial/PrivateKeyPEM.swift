/// A private key as PEM text that does not print itself.
package struct PrivateKeyPEM: Hashable, Sendable {
    package var text: String

    package init(_ text: String) { self.text = text }
}

extension PrivateKeyPEM: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "redacted" }
    package var debugDescription: String { "redacted" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
