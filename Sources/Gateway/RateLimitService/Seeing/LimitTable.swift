import RateLimiter

/// What limits have done and who asks most, as a table for people.
struct LimitTable: CustomStringConvertible {
    private static let header = [
        "POLICY", "LIMIT", "KEY", "ALLOWANCE", "REMAINING", "RESET", "REQUESTS", "REFUSED", "ID",
    ]

    private var rows: [[String]] = []

    init(_ limits: [LimitSnapshot]) {
        for limit in limits {
            let mode = limit.mode == "shadow" ? " (shadow)" : ""
            rows.append([
                "\(limit.namespace)/\(limit.policy)", limit.limit + mode,
                limit.key.isEmpty ? "-" : limit.key.joined(separator: " "),
                limit.allowance, "", "", String(limit.allowed + limit.limited + limit.shadowed),
                String(limit.limited + limit.shadowed), "",
            ])
            for key in limit.hotKeys {
                rows.append([
                    "", "", key.parts.isEmpty ? "(all)" : key.parts.joined(separator: " "), key.allowance,
                    key.remaining.map { String($0) } ?? "?", key.resetAfter.map(Self.seconds) ?? "?",
                    String(key.requests), String(key.refusals), key.id,
                ])
            }
        }
    }

    var description: String {
        guard !rows.isEmpty else { return "no limits\n" }
        let all = [Self.header] + rows
        let widths = Self.header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let line = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n") + "\n"
    }

    private static func seconds(_ seconds: Double) -> String {
        let whole = Int64(seconds.rounded(.up))
        switch whole {
        case ..<120: return "\(whole)s"
        case ..<7200: return "\(whole / 60)m\(whole % 60)s"
        default: return "\(whole / 3600)h\(whole % 3600 / 60)m"
        }
    }
}
