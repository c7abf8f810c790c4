/// The answer of one check, with the reason when it is not ready.
package enum Readiness: Hashable, Sendable {
    case ready
    case notReady(String)
}

/// One thing that must hold before traffic should come here, such as "proxies hold the current configuration".
package struct ReadinessCheck: Sendable {
    package var name: String
    package var check: @Sendable () async -> Readiness

    package init(name: String, check: @escaping @Sendable () async -> Readiness) {
        self.name = name
        self.check = check
    }
}

/// All checks' answers at one moment, printed as Kubernetes' own components print theirs.
struct ReadinessReport: Equatable {
    var answers: [(name: String, readiness: Readiness)]

    var isReady: Bool { answers.allSatisfy { $0.readiness == .ready } }

    static func gathered(from checks: [ReadinessCheck]) async -> ReadinessReport {
        var report = ReadinessReport(answers: [])
        for check in checks {
            report.answers.append((check.name, await check.check()))
        }
        return report
    }

    /// `ok` when ready and nobody asked for more; otherwise a line per check and a verdict.
    func text(endpoint: String, verbose: Bool) -> String {
        if isReady && !verbose { return "ok\n" }
        var out = ""
        for (name, readiness) in answers {
            switch readiness {
            case .ready: out += "[+]\(name) ok\n"
            case .notReady(let reason): out += "[-]\(name) failed: \(reason)\n"
            }
        }
        return out + "\(endpoint) check \(isReady ? "passed" : "failed")\n"
    }

    static func == (a: ReadinessReport, b: ReadinessReport) -> Bool {
        a.answers.elementsEqual(b.answers, by: ==)
    }
}
