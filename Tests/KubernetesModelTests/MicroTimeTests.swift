import KubernetesModel
import Testing

@Suite struct MicroTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00.000000Z", 0),
        ("1970-01-01T00:00:01.000001Z", 1_000_001),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-23T06:00:00.250000Z", 1_795_413_600_250_000),
    ])
    func `reads and prints microseconds`(text: String, value: Int64) throws {
        #expect(MicroTime(text)?.microsecondsSinceEpoch == value)
        #expect(MicroTime(microsecondsSinceEpoch: value).description == text)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.5Z", 500_000), ("1970-01-01T01:00:00.5+01:00", 500_000),
        ("1970-01-01T00:00:00.1234567Z", 123_456),
    ])
    func `takes any number of decimals`(text: String, value: Int64) {
        #expect(MicroTime(text)?.microsecondsSinceEpoch == value)
    }

    @Test(arguments: ["", "now", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z"])
    func `refuses what is no time`(text: String) {
        #expect(MicroTime(text) == nil)
    }
}
