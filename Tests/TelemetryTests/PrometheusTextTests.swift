import CoreMetrics
import Logging
import Testing

@testable import Telemetry

@Suite struct `Prometheus text` {
    private let lines = MemorySink()
    private var registry: PrometheusRegistry {
        PrometheusRegistry(logger: makeLogger(label: "test", format: .text, level: .trace, sink: lines), seriesLimit: 3)
    }

    @Test func `families and samples come sorted, with help, type and escaped labels`() {
        let registry = self.registry
        registry.describe("xds_acks_total", "ACKs,\nby \"type\" \\ node.")
        Counter(label: "xds.acks", dimensions: [("type", "b\"\\\n"), ("node", "1")], factory: registry).increment(by: 2)
        Counter(label: "xds.acks", dimensions: [("node", "1"), ("type", "a")], factory: registry).increment()
        FloatingPointCounter(label: "cpu.seconds", factory: registry).increment(by: 0.25)
        Meter(label: "1st-gauge", factory: registry).set(-1.5)
        Gauge(label: "routes", factory: registry).record(12)

        #expect(
            registry.text() == """
                # TYPE _1st_gauge gauge
                _1st_gauge -1.5
                # TYPE cpu_seconds_total counter
                cpu_seconds_total 0.25
                # TYPE routes gauge
                routes 12
                # HELP xds_acks_total ACKs,\\nby "type" \\\\ node.
                # TYPE xds_acks_total counter
                xds_acks_total{node="1",type="a"} 1
                xds_acks_total{node="1",type="b\\"\\\\\\n"} 2

                """)
    }

    @Test func `a histogram's buckets are cumulative and end at infinity`() {
        let registry = self.registry
        registry.setBounds([0.1, 1], for: "compile_seconds")
        let timer = Timer(label: "compile", dimensions: [("kind", "full")], factory: registry)
        timer.recordMilliseconds(100)
        timer.recordMilliseconds(500)
        timer.recordSeconds(3)

        #expect(
            registry.text() == """
                # TYPE compile_seconds histogram
                compile_seconds_bucket{kind="full",le="0.1"} 1
                compile_seconds_bucket{kind="full",le="1"} 2
                compile_seconds_bucket{kind="full",le="+Inf"} 3
                compile_seconds_sum{kind="full"} 3.6
                compile_seconds_count{kind="full"} 3

                """)
    }

    @Test func `the same label and dimensions are the same series`() {
        let registry = self.registry
        let first = registry.makeCounter(label: "a", dimensions: [("x", "1"), ("y", "2")])
        let second = registry.makeCounter(label: "a", dimensions: [("y", "2"), ("x", "1")])
        #expect(first === second)
        registry.destroyCounter(first)
        #expect(registry.text() == "")
    }

    @Test func `a name with another type, other labels or too many series is refused once and counts nowhere`() {
        let registry = self.registry
        Counter(label: "a", dimensions: [("x", "1")], factory: registry).increment()
        Meter(label: "a_total", factory: registry).set(7)
        Counter(label: "a", dimensions: [("y", "1")], factory: registry).increment()
        for value in 0..<10 { Counter(label: "b", dimensions: [("x", "\(value)")], factory: registry).increment() }

        #expect(registry.snapshot().first { $0.name == "a_total" }?.samples.count == 1)
        #expect(registry.snapshot().first { $0.name == "b_total" }?.samples.count == 3)
        #expect(lines.all.count == 2)
        #expect(
            lines.all.first?.contains("Metric refused metric.name=a_total reason=\"it is in use as a counter\"") == true
        )
    }

    @Test(arguments: [
        (0.0, "0"), (-3, "-3"), (1e15, "1000000000000000"), (1e300, "1e+300"), (0.1, "0.1"), (.infinity, "+Inf"),
        (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func `numbers are printed as Prometheus reads them`(number: Double, text: String) {
        #expect(Exposition.text(number) == text)
    }

    @Test func `concurrent increments are all counted`() async {
        let registry = self.registry
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        Counter(label: "hits", factory: registry).increment()
                        Timer(label: "wait", factory: registry).recordNanoseconds(1)
                    }
                }
            }
        }
        #expect(registry.text().contains("hits_total 8000\n"))
        #expect(registry.text().contains("wait_seconds_count 8000\n"))
    }
}

@Suite struct `Process families` {
    @Test func `proc stat is read past a name with spaces and parentheses`() throws {
        let line =
            "42 (swift (x) y) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 7 0 1000 4096000 25 18446744073709551615"
        let stat = try #require(ProcessStat(line: line, bootTime: 1_000, ticksPerSecond: 100, pageSize: 4096))
        #expect(stat.cpuSeconds == 2)
        #expect(stat.threads == 7)
        #expect(stat.startTime == 1_010)
        #expect(stat.virtualBytes == 4_096_000)
        #expect(stat.residentBytes == 102_400)
        #expect(ProcessStat(line: "42 (x) S 1 2", bootTime: 0, ticksPerSecond: 100, pageSize: 4096) == nil)
    }

    @Test func `this process shows memory, CPU, descriptors and when it started`() throws {
        let registry = PrometheusRegistry(logger: makeLogger(label: "test", format: .text, level: .error))
        registry.addCollector(ProcessCollector.families)
        registry.addCollector { [ProcessCollector.buildInfo(version: "1.2.3")] }
        let values = Dictionary(uniqueKeysWithValues: registry.snapshot().map { ($0.name, $0.samples[0].reading) })
        for (name, least) in [
            ("process_resident_memory_bytes", 1e6), ("process_start_time_seconds", 1.5e9), ("process_open_fds", 3),
            ("process_threads", 1), ("process_max_fds", 10),
        ] {
            guard case .number(let value) = values[name] else {
                Issue.record("\(name) is missing")
                continue
            }
            #expect(value >= least, "\(name)")
        }
        #expect(registry.text().contains("version=\"1.2.3\"} 1\n"))
    }
}
