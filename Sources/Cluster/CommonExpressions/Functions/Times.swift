extension Functions {
    static let times: Table = {
        var table: Table = [
            "timestamp": [
                .function(.timestamp, gives: .timestamp) { values in values[0] },
                .function(.string, gives: .timestamp) { values in
                    try present(TimestampValue(values[0].text).map { .timestamp($0) }, "timestamp", values[0])
                },
                .function(.int, gives: .timestamp) { values in
                    try present(
                        TimestampValue(seconds: values[0].whole).map { .timestamp($0) }, "timestamp", values[0])
                },
            ],
            "duration": [
                .function(.duration, gives: .duration) { values in values[0] },
                .function(.string, gives: .duration) { values in
                    try present(DurationValue(values[0].text).map { .duration($0) }, "duration", values[0])
                },
            ],
        ]
        for (name, part) in dateParts {
            table[name] = [
                .method(.timestamp, gives: .int) { values in .int(part(civil(values[0], 0))) },
                .method(.timestamp, .string, gives: .int) { values in .int(part(civil(values[0], try zone(values[1]))))
                },
            ]
        }
        for (name, unit) in durationParts {
            table[name, default: []].append(
                .method(.duration, gives: .int) { values in .int(nanoseconds(values[0]) / unit) })
        }
        table["getMilliseconds", default: []] += [
            .method(.timestamp, gives: .int) { values in .int(fraction(values[0])) },
            .method(.timestamp, .string, gives: .int) { values in
                _ = try zone(values[1])
                return .int(fraction(values[0]))
            },
            .method(.duration, gives: .int) { values in .int(nanoseconds(values[0]) / 1_000_000 % 1000) },
        ]
        return table
    }()

    private static let dateParts: [String: @Sendable (TimestampValue.Civil) -> Int64] = [
        "getFullYear": { $0.year }, "getMonth": { $0.month - 1 }, "getDate": { $0.day },
        "getDayOfMonth": { $0.day - 1 },
        "getDayOfWeek": { $0.dayOfWeek }, "getDayOfYear": { $0.dayOfYear }, "getHours": { $0.hour },
        "getMinutes": { $0.minute }, "getSeconds": { $0.second },
    ]

    private static let durationParts: [String: Int64] = [
        "getHours": 3_600_000_000_000, "getMinutes": 60_000_000_000, "getSeconds": 1_000_000_000,
    ]

    private static func civil(_ value: Value, _ offset: Int64) -> TimestampValue.Civil {
        guard case .timestamp(let time) = value else { preconditionFailure("the overload asks for a timestamp") }
        return time.civil(offset: offset)
    }

    private static func zone(_ value: Value) throws(EvaluationError) -> Int64 {
        guard let offset = TimestampValue.offset(ofZone: value.text) else {
            throw EvaluationError("time zone \(value.text.prefix(64)) is not known here: give an offset such as +01:00")
        }
        return offset
    }

    private static func nanoseconds(_ value: Value) -> Int64 {
        if case .duration(let duration) = value { duration.nanoseconds } else { 0 }
    }

    private static func fraction(_ value: Value) -> Int64 {
        if case .timestamp(let time) = value { time.nanoseconds / 1_000_000 } else { 0 }
    }

    /// The value, or the error of a text that is none.
    static func present(_ value: Value?, _ type: String, _ text: Value) throws(EvaluationError) -> Value {
        guard let value else {
            throw EvaluationError("type conversion error: '\(text.printed.prefix(64))' is no \(type)")
        }
        return value
    }
}
