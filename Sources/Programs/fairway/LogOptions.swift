public import ArgumentParser
public import Logging
package import Telemetry

/// How every long-running command logs.
struct LogOptions: ParsableArguments {
    @Option(name: .customLong("log-format"), help: "How log lines are written: text or json.")
    var format: LogFormat = .text

    @Option(
        name: .customLong("log-level"),
        help: "The least severe level to write: trace, debug, info, notice, warning, error or critical.")
    var level: Logger.Level = .info

    func logger(_ label: String) -> Logger {
        makeLogger(label: label, format: format, level: level)
    }
}

extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
