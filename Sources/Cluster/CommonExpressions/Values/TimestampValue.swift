/// `google.protobuf.Timestamp`: from year 1 to year 9999, in UTC.
package struct TimestampValue: Hashable, Sendable, Comparable {
    package private(set) var seconds: Int64
    /// 0 to 999,999,999.
    package private(set) var nanoseconds: Int64

    static let seconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// `nil` outside of the years 1 to 9999.
    package init?(seconds: Int64, nanoseconds: Int64 = 0) {
        let (carry, rest) = Self.floored(nanoseconds, 1_000_000_000)
        let (total, overflow) = seconds.addingReportingOverflow(carry)
        guard !overflow, Self.seconds.contains(total) else { return nil }
        self.seconds = total
        self.nanoseconds = rest
    }

    package static func < (a: TimestampValue, b: TimestampValue) -> Bool {
        (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
    }

    func adding(_ duration: DurationValue) -> TimestampValue? {
        let (whole, rest) = duration.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return TimestampValue(seconds: seconds + whole, nanoseconds: nanoseconds + rest)
    }

    func distance(from other: TimestampValue) -> DurationValue? {
        let nanos =
            Int128(seconds - other.seconds) * 1_000_000_000 + Int128(nanoseconds - other.nanoseconds)
        return Int64(exactly: nanos).map(DurationValue.init)
    }

    static func floored(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    static func fraction(_ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "." + digits
    }
}

// MARK: - Calendar

extension TimestampValue {
    /// The parts of a date and time of day at an offset from UTC.
    struct Civil {
        var year: Int64
        var month: Int64
        var day: Int64
        var hour: Int64
        var minute: Int64
        var second: Int64
        /// From 0.
        var dayOfYear: Int64
        /// From Sunday, 0.
        var dayOfWeek: Int64
    }

    func civil(offset: Int64 = 0) -> Civil {
        let (days, time) = Self.floored(seconds + offset, 86_400)
        // Eras of 400 years from March 1st, 0000: leap days stand at the end of a year.
        let (era, dayOfEra) = Self.floored(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return Civil(
            year: year, month: month, day: dayOfYear - (153 * shifted + 2) / 5 + 1, hour: time / 3600,
            minute: time / 60 % 60, second: time % 60, dayOfYear: days - Self.days(year: year, month: 1, day: 1),
            dayOfWeek: Self.floored(days + 4, 7).remainder)
    }

    /// Days from January 1st, 1970.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floored(shifted, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

// MARK: - Text

extension TimestampValue: CustomStringConvertible {
    /// Reads RFC 3339: `2024-05-06T07:08:09.5+02:00`.
    package init?(_ text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        guard text.utf8.count <= 64, let year = reader.number(4), reader.skip("-"), let month = reader.number(2),
            reader.skip("-"), let day = reader.number(2), reader.skip("T") || reader.skip("t"),
            let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2), reader.skip(":"),
            let second = reader.number(2), let nanoseconds = reader.fraction(), let offset = reader.offset(),
            reader.isAtEnd, (1...12).contains(month), hour < 24, minute < 60, second < 60, day >= 1,
            day <= Self.length(ofMonth: month, year: year)
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanoseconds: nanoseconds)
    }

    /// Reads a date alone, at its beginning in UTC.
    package init?(date text: String) { self.init(text + "T00:00:00Z") }

    private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
        month == 12
            ? 31 : days(year: year, month: month + 1, day: 1) - days(year: year, month: month, day: 1)
    }

    /// In RFC 3339.
    package var description: String {
        func padded(_ value: Int64, _ width: Int = 2) -> String {
            String(repeating: "0", count: max(0, width - String(value).count)) + String(value)
        }
        let civil = civil()
        return "\(padded(civil.year, 4))-\(padded(civil.month))-\(padded(civil.day))T\(padded(civil.hour)):"
            + "\(padded(civil.minute)):\(padded(civil.second))\(Self.fraction(nanoseconds))Z"
    }

    /// The offset that a time zone stands for, in seconds; `nil` for what is neither UTC nor an offset: there are no
    /// zone names here.
    static func offset(ofZone text: String) -> Int64? {
        if text == "UTC" || text.isEmpty { return 0 }
        var reader = Reader(bytes: Array(text.utf8))
        let isNegative = reader.skip("-")
        if !isNegative { _ = reader.skip("+") }
        guard let hours = reader.number(2), reader.skip(":"), let minutes = reader.number(2), reader.isAtEnd,
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isNegative ? -1 : 1)
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func skip(_ text: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: text) else { return false }
            index += 1
            return true
        }

        mutating func number(_ digits: Int) -> Int64? {
            guard index + digits <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[index..<index + digits] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            index += digits
            return value
        }

        /// Nanoseconds; more digits than nine count for nothing.
        mutating func fraction() -> Int64? {
            guard skip(".") else { return 0 }
            var value: Int64 = 0
            var scale: Int64 = 100_000_000
            let start = index
            while let digit = number(1) {
                value += digit * scale
                scale /= 10
            }
            return index > start ? value : nil
        }

        mutating func offset() -> Int64? {
            if skip("Z") || skip("z") { return 0 }
            let isNegative = skip("-")
            guard isNegative || skip("+"), let hours = number(2), skip(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            return (hours * 3600 + minutes * 60) * (isNegative ? -1 : 1)
        }
    }
}
