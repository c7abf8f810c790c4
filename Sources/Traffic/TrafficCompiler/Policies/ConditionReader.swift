import KubernetesModel
import TrafficPlan

/// Reads an entry of a limit's `when`.
enum ConditionReader {
    static func condition(
        _ condition: RateLimitPolicy.Condition, _ field: String
    ) throws(LimitFault) -> RequestCondition {
        var read = RequestCondition()
        if let path = condition.path { read.path = try self.path(path, "\(field).path") }
        for (index, method) in try LimitReader.bounded(condition.methods, "\(field).methods").enumerated() {
            guard KeyReader.isToken(method), method.utf8.count <= 32 else {
                throw LimitFault("\(field).methods[\(index)]", "\"\(method.clipped)\" is no method")
            }
            read.methods.append(method)
        }
        for (index, host) in try LimitReader.bounded(condition.hosts, "\(field).hosts").enumerated() {
            let name = String(host.prefix(256)).lowercased()
            if let fault = DNSName.fault(inRuleHost: name) {
                throw LimitFault("\(field).hosts[\(index)]", "\"\(host.clipped)\" is no host name: \(fault)")
            }
            read.hosts.append(Hostname(name))
        }
        for (index, match) in try LimitReader.bounded(condition.headers, "\(field).headers").enumerated() {
            let place = "\(field).headers[\(index)]"
            var header = try value(match, place)
            header.name = try KeyReader.headerName(match.name, "\(place).name")
            read.headers.append(header)
        }
        for (index, match) in try LimitReader.bounded(condition.queryParams, "\(field).queryParams").enumerated() {
            let place = "\(field).queryParams[\(index)]"
            try KeyReader.checkText(match.name, "\(place).name")
            read.queryParameters.append(try value(match, place))
        }
        guard read != RequestCondition() else {
            throw LimitFault(field, "it says nothing; leave it out to limit every request")
        }
        return read
    }

    private static func path(
        _ path: RateLimitPolicy.PathMatch, _ field: String
    ) throws(LimitFault) -> RouteMatch.Path {
        let type =
            try LimitReader.word(
                path.type, "\(field).type",
                ["PathPrefix": "Prefix", "Exact": "Exact", "RegularExpression": "RegularExpression"]) ?? "Prefix"
        guard path.value.utf8.count <= PathRule.maxLength else {
            throw LimitFault("\(field).value", "the path is longer than \(PathRule.maxLength) bytes")
        }
        if type == "RegularExpression" {
            try checkExpression(path.value, "\(field).value")
            return .regex(path.value)
        }
        switch PathRule.read(path.value, type: type) {
        case .match(let match): return match
        case .invalid(_, let message), .unreadable(let message, _): throw LimitFault("\(field).value", message)
        }
    }

    private static func value(_ match: RateLimitPolicy.ValueMatch, _ field: String) throws(LimitFault) -> ValueMatch {
        let type = try LimitReader.word(
            match.type, "\(field).type",
            ["Exact": "Exact", "RegularExpression": "RegularExpression", "Present": "Present", "Absent": "Absent"])
        let takesValue = type != "Present" && type != "Absent"
        guard takesValue == (match.value != nil) else {
            throw LimitFault(
                "\(field).value", takesValue ? "it is missing" : "type \(type ?? "") takes no value; leave it out")
        }
        let text = match.value ?? ""
        guard text.utf8.count <= KeyReader.maxText else {
            throw LimitFault("\(field).value", "it is longer than \(KeyReader.maxText) bytes")
        }
        switch type {
        case "Present": return ValueMatch(name: match.name, test: .present)
        case "Absent": return ValueMatch(name: match.name, test: .absent)
        case "RegularExpression":
            try checkExpression(text, "\(field).value")
            return ValueMatch(name: match.name, test: .regex(text))
        default: return ValueMatch(name: match.name, test: .exact(text))
        }
    }

    private static func checkExpression(_ text: String, _ field: String) throws(LimitFault) {
        do throws(PathPattern.Failure) {
            _ = try PathPattern(text)
        } catch {
            throw LimitFault(field, "the regular expression \"\(text.clipped)\" cannot be read: \(error)")
        }
    }
}
