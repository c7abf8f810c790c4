import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite struct `Log lines` {
    private let sink = MemorySink()

    private func logger(_ format: LogFormat) -> Logger {
        Logger(label: "controller") { label in
            LineLogHandler(label: label, format: format, level: .info, sink: sink) {
                Timestamp(milliseconds: 1_795_416_312_007)
            }
        }
    }

    @Test func `text is one line of time, level, label, message and sorted fields`() {
        logger(.text).info("Routes changed", metadata: ["routes.added": "3", "host": "a b", "empty": ""])
        #expect(
            sink.all == [
                "2026-11-23T06:45:12.007Z info controller: Routes changed empty=\"\" host=\"a b\" routes.added=3\n"
            ])
    }

    @Test func `what a stranger sent cannot begin a line of its own`() {
        logger(.text).warning("Bad\nmessage", metadata: ["path": "/x\n2026 info y: \u{1b}[31m", "q": "a\"b=c"])
        #expect(
            sink.all == [
                #"2026-11-23T06:45:12.007Z warning controller: Bad\nmessage path="/x\n2026 info y: \u{1b}[31m" q="a\"b=c""#
                    + "\n"
            ])
    }

    @Test func `JSON is one object a line, nested fields kept, our own names not hidden`() throws {
        logger(.json).error(
            "Write \"failed\"", error: CancellationError(),
            metadata: ["level": "mine", "hosts": ["a", "b\n"], "object": ["name": "x", "kind": "Ingress"]])
        let line = try #require(sink.all.first)
        #expect(line.hasSuffix("}\n") && line.filter { $0 == "\n" }.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
        #expect(
            object == [
                "time": "2026-11-23T06:45:12.007Z", "level": "error", "logger": "controller",
                "message": "Write \"failed\"", "error": "CancellationError()", "level_": "mine", "hosts": ["a", "b\n"],
                "object": ["name": "x", "kind": "Ingress"],
            ])
    }

    @Test func `lines below the level are not written`() {
        logger(.text).debug("quiet")
        #expect(sink.all.isEmpty)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ])
    func `moments are RFC 3339 in UTC`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }
}
