package import KubernetesModel

/// A failed verb, as the CNI specification wants it reported (section 5, "Error").
package struct CNIError: Error, Hashable, Sendable {
    /// Numbers below 100 are the specification's, the others ours.
    package enum Code: Int, Sendable {
        case incompatibleVersion = 1
        case unsupportedField = 2
        /// Nothing exists that would need cleaning up.
        case unknownContainer = 3
        case invalidEnvironment = 4
        case ioFailure = 5
        case decodingFailure = 6
        case invalidConfiguration = 7
        case tryAgainLater = 11
        case notAvailable = 50
        /// As 50, and pods that run have lost their network too.
        case limitedConnectivity = 51
        case kernelRefused = 100
        /// The pod has such an interface already.
        case interfaceExists = 101
        /// A wanted address or host port belongs to another pod.
        case conflict = 102
        /// CHECK found something else than ADD left.
        case checkFailed = 103
    }

    package var code: Code
    /// One line: what was attempted on which object, why it failed, what to do.
    package var message: String
    package var details: String

    package init(_ code: Code, _ message: String, details: String = "") {
        self.code = code
        self.message = message
        self.details = details
    }

    /// What goes to standard output, in the version that the configuration asked for.
    package func json(version: String) -> JSONValue {
        var object: JSONValue = [
            "cniVersion": .string(version), "code": .integer(Int64(code.rawValue)), "msg": .string(message),
        ]
        if !details.isEmpty { object["details"] = .string(details) }
        return object
    }
}

extension CNIError: CustomStringConvertible {
    package var description: String { "\(message)\(details.isEmpty ? "" : ": \(details)") (code \(code.rawValue))" }
}
