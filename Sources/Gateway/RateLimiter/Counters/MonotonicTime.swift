import Glibc

/// Nanoseconds since the machine started. Nobody can set this clock, so no step of the wall clock frees or blocks a key.
package enum MonotonicTime {
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension MonotonicTime {
    /// Seconds since 1970, which can step: for nothing but times that tokens tell.
    package static func wallClockSeconds() -> Int64 { Int64(Glibc.time(nil)) }
}
