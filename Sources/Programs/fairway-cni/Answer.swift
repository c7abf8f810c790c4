/// What the program prints and how it exits.
struct Answer {
    var exitCode: Int32
    var output: [UInt8]

    static let supportedVersions = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]

    /// An error object of the CNI specification, section 5 "Error".
    static func failure(_ code: ErrorCode, _ message: String, version: String?, details: String = "") -> Answer {
        let text =
            "{\"cniVersion\":\(quoted(version ?? supportedVersions.last ?? ""))"
            + ",\"code\":\(code.rawValue),\"msg\":\(quoted(message))"
            + (details.isEmpty ? "" : ",\"details\":\(quoted(details))") + "}\n"
        return Answer(exitCode: 1, output: Array(text.utf8))
    }

    /// The answer to VERSION, which runtimes ask to probe a binary: it needs no agent.
    static func versions(_ asked: String?) -> Answer {
        let list = supportedVersions.map(quoted).joined(separator: ",")
        let text = "{\"cniVersion\":\(quoted(asked ?? "1.1.0")),\"supportedVersions\":[\(list)]}\n"
        return Answer(exitCode: 0, output: Array(text.utf8))
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Codes of the CNI specification that the program itself gives.
enum ErrorCode: Int {
    case invalidEnvironment = 4
    case ioFailure = 5
    case tryAgainLater = 11
    case notAvailable = 50
}
