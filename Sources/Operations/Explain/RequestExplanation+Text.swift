extension RequestExplanation: CustomStringConvertible {
    /// For people; ends with a newline.
    package var description: String {
        var lines = ["\(method) \(listener?.isTLS == true ? "https" : "http")://\(requestedHost)\(target)", ""]
        lines += section("listener", [listenerLine])
        if let certificate { lines += section("certificate", ["for \(certificate.name), from \(certificate.from)"]) }
        lines += section("host", hosts.map { "\(mark($0.isChosen)) \($0.name): \($0.reason)" })
        if let path { lines += section("path", [path == target ? path : "\(path), normalised"]) }
        lines += section("routes", routes.flatMap(words))
        lines += section("limits", limitLines)
        lines += section("result", result)
        return lines.map { "\($0)\n" }.joined()
    }

    private var listenerLine: String {
        guard let listener else { return "none of this name" }
        return "\(listener.name) on \(listener.address)\(listener.isTLS ? " with TLS" : ""), from \(listener.from)"
    }

    private func mark(_ isChosen: Bool) -> String { isChosen ? "▸" : "·" }

    private var limitLines: [String] {
        let lines = limits.flatMap(\.lines) + replacedLimits.flatMap(\.lines)
        let asksForClient = client == nil && limits.contains { $0.key.contains { $0.part.hasPrefix("client address") } }
        return asksForClient ? lines + ["say --from ADDRESS to try it for a client"] : lines
    }

    private func words(_ route: Route) -> [String] {
        ["\(mark(route.isChosen)) \(route.path) → \(route.action)", "    \(route.reason)", "    from \(route.from)"]
    }

    private var result: [String] {
        switch outcome.kind {
        case "forward":
            return ["goes to " + (outcome.backends.flatMap(\.lines).first ?? "nowhere")]
                + outcome.backends.flatMap(\.lines).dropFirst()
        case "redirect":
            return ["\(outcome.status ?? 0) to \(outcome.location ?? ""): \(outcome.reason ?? "")"]
        case "respond":
            let body = (outcome.body ?? "").split(separator: "\n").joined(separator: " ")
            return ["\(outcome.status ?? 0) by the proxy itself: \(body)"]
        default:
            return ["\(outcome.status ?? 0): \(outcome.reason ?? "")"]
        }
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        let width = 13
        return lines.enumerated().map { index, line in
            let head = index == 0 ? title : ""
            return "  " + head + String(repeating: " ", count: max(1, width - head.count)) + line
        }
    }
}
