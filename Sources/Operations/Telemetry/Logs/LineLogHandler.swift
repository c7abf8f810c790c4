package import Logging

/// Writes an event as one line, whatever is in it: control characters are escaped, so that a request cannot forge lines.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogFormat
    private let sink: any LogSink
    private let now: @Sendable () -> Timestamp

    package init(label: String, format: LogFormat, level: Logger.Level, sink: any LogSink) {
        self.init(label: label, format: format, level: level, sink: sink, now: Timestamp.now)
    }

    init(
        label: String, format: LogFormat, level: Logger.Level, sink: any LogSink,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.label = label
        self.format = format
        logLevel = level
        self.sink = sink
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        let sorted = fields.sorted { $0.key < $1.key }
        switch format {
        case .text: sink.write(textLine(event, sorted))
        case .json: sink.write(jsonLine(event, sorted))
        }
    }

    private func textLine(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = "\(now()) \(event.level.rawValue) \(label): "
        line += LogText.escaped(event.message.description, quoting: false)
        for (key, value) in fields {
            line += " \(LogText.escaped(key, quoting: true))=\(LogText.escaped(value.description, quoting: true))"
        }
        return line + "\n"
    }

    private func jsonLine(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = "{\"time\":\"\(now())\",\"level\":\"\(event.level.rawValue)\",\"logger\":\(LogText.json(label))"
        line += ",\"message\":\(LogText.json(event.message.description))"
        for (key, value) in fields {
            // A field never hides one of ours.
            let name = Self.reservedNames.contains(key) ? "\(key)_" : key
            line += ",\(LogText.json(name)):\(LogText.json(value))"
        }
        return line + "}\n"
    }

    private static let reservedNames: Set<String> = ["time", "level", "logger", "message"]
}
