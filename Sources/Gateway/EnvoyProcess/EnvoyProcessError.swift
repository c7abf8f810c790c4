/// Why a local Envoy cannot be run here.
package struct EnvoyProcessError: Error, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case binaryNotFound
        case binaryUnusable
        case binaryTooOld
        case folderUnusable
        case alreadySupervised
        case portTaken
        case portForbidden
        case addressUnavailable
        case adminUnreachable
    }

    package var code: Code
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
