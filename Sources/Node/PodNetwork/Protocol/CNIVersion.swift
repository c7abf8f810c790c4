/// A version of the CNI specification that we speak.
package enum CNIVersion: String, CaseIterable, Comparable, Sendable {
    case v030 = "0.3.0"
    case v031 = "0.3.1"
    case v040 = "0.4.0"
    case v100 = "1.0.0"
    case v110 = "1.1.0"

    package static let latest = CNIVersion.v110

    package static func < (a: CNIVersion, b: CNIVersion) -> Bool {
        allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
    }
}
