import EnvoyAPI
import SwiftProtobuf
import TrafficPlan

/// What limits ask of a request, as Envoy's header matchers. All must hold; none: it holds for every request.
///
/// Envoy joins several headers of one name with commas where our semantics look at the first.
enum RequestMatchers {
    typealias Header = Envoy_Config_Route_V3_HeaderMatcher

    static func headers(of condition: RequestCondition) -> [Header] {
        var matchers: [Header] = []
        if let path = condition.path, let expression = expression(for: path) {
            matchers.append(.matching(":path", expression))
        }
        if !condition.methods.isEmpty { matchers.append(.any(":method", of: condition.methods)) }
        if !condition.hosts.isEmpty, !condition.hosts.contains(.any) {
            matchers.append(.matching(":authority", expression(for: condition.hosts)))
        }
        return matchers + condition.headers.map(header)
    }

    /// Of the parts that `RateLimit.unsupportedPerProxy` lets through.
    static func headers(of matches: [KeyMatch]) -> [Header] { matches.compactMap(header) }

    private static func header(_ match: KeyMatch) -> Header? {
        let alternatives = "(?:" + match.values.map(quoted).joined(separator: "|") + ")"
        switch match.part {
        case .header(let name): return .any(name, of: match.values)
        case .method: return .any(":method", of: match.values)
        case .host: return .matching(":authority", "(?i)\(alternatives)\(afterHost)")
        case .path: return .matching(":path", alternatives + query)
        case .pathSegment(let index):
            return .matching(":path", "/(?:[^/?]+/){\(index)}\(alternatives)(?:[/?].*)?")
        case .cookie(let name):
            return .matching("cookie", #"(?:.*;)?[ \t]*\#(quoted(name))[ \t]*="?\#(alternatives)"?[ \t]*(?:;.*)?"#)
        case .clientAddress, .queryParameter, .jwtClaim: return nil
        }
    }

    private static func header(_ match: ValueMatch) -> Header {
        var matcher = Header()
        matcher.name = match.name
        switch match.test {
        case .exact(let value): matcher.stringMatch.exact = value
        case .regex(let expression): matcher.stringMatch.safeRegex.regex = expression
        case .present: matcher.presentMatch = true
        case .absent:
            matcher.presentMatch = true
            matcher.invertMatch = true
        }
        return matcher
    }

    private static let query = #"(?:\?.*)?"#
    private static let afterHost = #"\.?(?::[0-9]*)?"#

    private static func expression(for path: RouteMatch.Path) -> String? {
        switch path {
        case .exact(let text): quoted(text) + query
        case .prefix("/"): nil
        case .prefix(let text): quoted(text) + #"(?:/[^?]*)?"# + query
        case .regex(let expression): "(?:\(expression))" + query
        }
    }

    private static func expression(for hosts: [Hostname]) -> String {
        let names = hosts.map { host in
            switch host {
            case .any: ".*"
            case .exact(let name): quoted(name)
            case .wildcard(let suffix): #"[^.:]+\."# + quoted(suffix)
            }
        }
        return "(?i)(?:\(names.joined(separator: "|")))" + afterHost
    }

    /// The text as an RE2 expression that matches it alone.
    static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}

extension Envoy_Config_Route_V3_HeaderMatcher {
    fileprivate static func matching(_ name: String, _ expression: String) -> Self {
        .with {
            $0.name = name
            $0.stringMatch.safeRegex.regex = expression
        }
    }

    fileprivate static func any(_ name: String, of values: [String]) -> Self {
        .with {
            $0.name = name
            if values.count == 1 {
                $0.stringMatch.exact = values[0]
            } else {
                $0.stringMatch.safeRegex.regex = values.map(RequestMatchers.quoted).joined(separator: "|")
            }
        }
    }
}
