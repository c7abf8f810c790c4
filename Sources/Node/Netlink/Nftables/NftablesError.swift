import Glibc
import WireCodec

/// Why a batch was refused. Nothing of it was done.
package struct NftablesError: Error, Hashable, Sendable {
    /// The first failure, or why the batch as a whole failed.
    package var cause: KernelError
    /// The changes that the kernel objected to, in order; none where the batch as a whole failed.
    package var failures: [Failure]

    package struct Failure: Hashable, Sendable {
        /// The number that `NftablesBatch`'s function gave back.
        package var change: Int
        /// Of the change's elements, the one in question, where the kernel says.
        package var element: Int?
        package var error: KernelError
    }

    init(_ cause: KernelError, failures: [Failure] = []) {
        self.cause = cause
        self.failures = failures
    }

    /// The ruleset was no longer of the expected generation.
    package var isStale: Bool { cause.isStale }
    /// The table belongs to another process.
    package var isForbidden: Bool { cause.isForbidden }
    package var isNotFound: Bool { cause.isNotFound }
}

extension NftablesError: CustomStringConvertible {
    package var description: String {
        let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
        return "\(cause)\(more)"
    }
}

extension NftablesBatch {
    /// The datagram: frame, numbered messages, frame. The last message alone asks for an acknowledgement.
    func numbered(from base: UInt32, generation: UInt32?) -> [UInt8] {
        var all = WireWriter(capacity: writer.count + 32)
        Self.writeFrame(0x10, to: &all)
        if let generation {
            // NFNL_BATCH_GENID
            all.attribute(1, bigEndian: generation)
            all.patch(UInt32(all.count), at: 0)
        }
        all.patch(base, at: 8)
        let shift = all.count - 20
        all.raw(writer.bytes[20...])
        for (index, message) in messages.enumerated() {
            all.patch(base &+ UInt32(index + 1), at: message.offset + shift + 8)
        }
        if let last = messages.last {
            all.patch(flags(of: last).union(.acknowledge).rawValue, at: last.offset + shift + 6)
        }
        let end = all.count
        Self.writeFrame(0x11, to: &all)
        all.patch(base &+ UInt32(messages.count + 1), at: end + 8)
        return all.bytes
    }

    private func flags(of message: Message) -> MessageFlags {
        let low = writer.bytes[message.offset + 6]
        let high = writer.bytes[message.offset + 7]
        return MessageFlags(rawValue: UInt16(littleEndian: UInt16(high) << 8 | UInt16(low)))
    }

    /// Names the changes behind the sequences that the kernel refused.
    func error(for answers: [Acknowledgement], base: UInt32) -> NftablesError {
        var failures: [NftablesError.Failure] = []
        for answer in answers {
            let index = Int(answer.sequence &- base) - 1
            guard messages.indices.contains(index) else { continue }
            let change = changes[messages[index].change]
            failures.append(
                NftablesError.Failure(
                    change: messages[index].change,
                    element: answer.offset.flatMap { element(at: $0, inMessage: index) },
                    error: KernelError("\(change.verb) \(change.subject)", code: answer.code, detail: answer.text)))
        }
        if let first = failures.first { return NftablesError(first.error, failures: failures) }
        let whole = answers.first
        return NftablesError(
            KernelError(
                "commit an nftables batch", code: whole?.code ?? EBADMSG,
                detail: whole?.text ?? (whole == nil ? "the kernel gave no answer" : nil)))
    }

    /// Which of the change's elements covers this place in the message, if it is a list of elements.
    private func element(at place: Int, inMessage index: Int) -> Int? {
        let message = messages[index]
        let end = index + 1 < messages.count ? messages[index + 1].offset : writer.count
        var reader = WireReader(Array(writer.bytes[message.offset..<end]))
        guard (try? reader.skip(4)) != nil, let type = try? reader.host(UInt16.self),
            [NftablesMessage.newElement, NftablesMessage.deleteElement].contains(type & 0xff),
            (try? reader.skip(14)) != nil
        else { return nil }
        var attributes = AttributeReader(reader)
        while let attribute = try? attributes.next() {
            guard attribute.type == 3 else { continue }
            var items = attribute.attributes
            var number = message.firstElement
            while let item = try? items.next() {
                let start = item.value.offset - 4
                if (start..<item.value.offset + max(item.value.count, 1)).contains(place) { return number }
                number += 1
            }
        }
        return nil
    }
}
