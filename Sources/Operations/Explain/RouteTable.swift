package import TrafficPlan

/// What a plan serves, a route a line: what `fairway routes` prints.
package struct RouteTable: Codable, Hashable, Sendable {
    package struct Row: Codable, Hashable, Sendable {
        package var host: String
        /// `exact`, `prefix` or `regex`.
        package var type: String
        package var path: String
        /// `namespace/service/port`, or the proxy's own answer.
        package var backend: String
        package var ready: Int
        package var draining: Int
        /// `ok`, or what is wrong with it.
        package var state: String
        package var requiresTLS: Bool
        /// Of its requests, as `policy/limit`, by name.
        package var limits: [String]
        package var from: ObjectField
    }

    package var rows: [Row]

    /// Hosts by name; routes in the order in which they are tried.
    package init(_ plan: GatewayPlan) {
        rows = plan.virtualHosts.values.sorted { $0.hostname < $1.hostname }.flatMap { host in
            host.routes.map { Row($0, of: host, in: plan) }
        }
    }
}

extension RouteTable.Row {
    init(_ route: Route, of host: VirtualHost, in plan: GatewayPlan) {
        self.host = host.hostname.description
        requiresTLS = host.requiresTLS
        from = ObjectField(route.origin)
        limits = (route.limits.flatMap { plan.limitSets[$0] }?.limits ?? []).map {
            "\($0.name.policy)/\($0.name.limit)"
        }
        (type, path) =
            switch route.match.path {
            case .exact(let path): ("exact", path)
            case .prefix(let path): ("prefix", path)
            case .regex(let text): ("regex", text)
            }
        ready = 0
        draining = 0
        switch route.action {
        case .respond(let status, let body):
            backend = "answer \(status)"
            state = body.split(separator: "\n").joined(separator: " ")
        case .forward(let targets):
            backend = targets.map(\.backend.description).joined(separator: ", ")
            var isResolved = false
            for target in targets {
                let endpoints = plan.endpoints[target.backend] ?? EndpointSet()
                ready += endpoints.ready
                draining += endpoints.draining
                if case .dns = plan.backends[target.backend]?.discovery { isResolved = true }
            }
            state =
                isResolved
                ? "ok, by name" : ready > 0 ? "ok" : draining > 0 ? "draining only" : "no endpoints"
        }
    }
}

extension RouteTable: CustomStringConvertible {
    /// Columns for people; ends with a newline.
    package var description: String {
        guard !rows.isEmpty else { return "nothing is served\n" }
        // Few clusters have any.
        let showsLimits = rows.contains { !$0.limits.isEmpty }
        let head =
            ["HOST", "TYPE", "PATH", "BACKEND", "READY", "DRAINING", "STATE"] + (showsLimits ? ["LIMITS"] : [])
            + ["FROM"]
        let lines =
            [head]
            + rows.map { row in
                [
                    row.host + (row.requiresTLS ? " (TLS only)" : ""), row.type, row.path, row.backend, "\(row.ready)",
                    "\(row.draining)", row.state,
                ] + (showsLimits ? [row.limits.joined(separator: ", ")] : []) + [row.from.description]
            }
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}
