import ArgumentParser
import Foundation
import NetTypes

/// `host:port` as people write it; an IPv6 address stands in brackets.
struct AddressArgument: Sendable {
    var host: String
    var port: UInt16

    init(_ text: String, flag: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw ValidationError("\(flag) \(text): write host:port, such as 127.0.0.1:18001")
        }
        host = text[..<colon].trimmingCharacters(in: ["[", "]"])
        self.port = port
        if host.isEmpty { throw ValidationError("\(flag) \(text): the host is missing") }
    }

    /// To listen on.
    func address(flag: String) throws -> IPAddress {
        guard let address = IPAddress(host) else { throw ValidationError("\(flag): \(host) is not an IP address") }
        return address
    }
}
