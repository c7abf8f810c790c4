import WireCodec

extension RouteRequest {
    /// Lets a link send no faster than `rate`: a token bucket (tc-tbf(8)) as its root queue, in place of what is there. ENOENT where
    /// the kernel has none.
    ///
    /// - Parameters:
    ///   - rate: bits per second.
    ///   - burst: bits that may go at once; at least one packet of `mtu` bytes goes in any case.
    package static func limitRate(_ rate: Int, burst: Int, mtu: Int, on link: Int32) -> RouteRequest {
        let bytesPerSecond = UInt64(max(rate / 8, 1))
        let burstBytes = UInt32(clamping: max(burst / 8, mtu + 14))
        // What does not fit in 25 ms of the rate is dropped.
        let queue = UInt32(clamping: bytesPerSecond / 40 + UInt64(burstBytes))
        return RouteRequest(
            "limit the rate of link #\(link)", type: newQueue, flags: [.create, .replace]
        ) { writer in
            writer.zeros(4)
            writer.host(link)
            writer.host(UInt32(0x1_0000))  // Handle 1:0.
            writer.host(UInt32.max)  // TC_H_ROOT
            writer.host(UInt32(0))
            writer.attribute(1, text: "tbf")
            writer.nested(2) { options in
                options.attribute(1) { $0.tokenBucket(bytesPerSecond, limit: queue) }
                options.attribute(4, host: bytesPerSecond)  // TCA_TBF_RATE64
                options.attribute(6, host: burstBytes)  // TCA_TBF_BURST
            }
        }
    }

    /// `RTM_NEWQDISC`
    private static let newQueue: UInt16 = 36
}

extension WireWriter {
    /// `struct tc_tbf_qopt` (linux/pkt_sched.h): two `struct tc_ratespec`, the second unused, and three numbers.
    fileprivate mutating func tokenBucket(_ bytesPerSecond: UInt64, limit: UInt32) {
        uint8(0)
        uint8(1)  // TC_LINKLAYER_ETHERNET
        zeros(6)
        host(UInt32(clamping: bytesPerSecond))
        zeros(12)
        host(limit)
        zeros(8)
    }
}
