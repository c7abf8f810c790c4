package import NetTypes

extension SocketEndpoint {
    /// A number that stays the same on every node and through every restart (FNV-1a): what session affinity remembers.
    package var stableID: UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in address.bytes + [UInt8(port >> 8), UInt8(port & 0xff)] {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        return hash
    }
}
