import NetTypes
import Testing

struct MACAddressTests {
    @Test func anAddressIsReadAndWritten() throws {
        let address = try #require(MACAddress("02:42:AC:11:00:0f"))
        #expect(address.bytes == [0x02, 0x42, 0xac, 0x11, 0, 0x0f])
        #expect(address.description == "02:42:ac:11:00:0f")
        #expect(MACAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        "", "02:42:ac:11:00", "02:42:ac:11:00:0f:01", "2:42:ac:11:00:0f", "+2:42:ac:11:00:0f", "02-42-ac-11-00-0f",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test func aDerivedAddressIsUnicastAndLocal() {
        for bits in [0, UInt64.max, 0x0123_4567_89ab] as [UInt64] {
            let address = MACAddress.locallyAdministered(bits)
            #expect(!address.isMulticast && address.bytes[0] & 2 == 2)
        }
    }
}
