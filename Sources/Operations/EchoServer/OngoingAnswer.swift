import NIOCore
import NIOHTTP1

/// An answer that takes its time.
enum OngoingAnswer: Sendable {
    case bytes(left: Int)
    case drip(left: Int, interval: TimeAmount)
    case events(sent: Int, of: Int?, interval: TimeAmount)
}

extension EchoHandler {
    /// A piece of a large body: the alphabet, again and again.
    private static let filler = ByteBuffer(bytes: (0..<(64 << 10)).map { UInt8(ascii: "a") + UInt8($0 % 26) })

    func proceed(_ answer: OngoingAnswer, _ context: ChannelHandlerContext) {
        guard wantsBody else {
            finish(context)
            return
        }
        ongoing = answer
        switch answer {
        case .bytes: pump(context)
        case .drip, .events: tick(context)
        }
    }

    /// Writes as much as the client takes now.
    func pump(_ context: ChannelHandlerContext) {
        guard case .bytes(var left) = ongoing else { return }
        while left > 0, context.channel.isWritable {
            var piece = Self.filler
            let size = min(left, piece.readableBytes)
            guard let slice = piece.readSlice(length: size) else { break }
            left -= size
            ongoing = .bytes(left: left)
            context.write(wrapOutboundOut(.body(.byteBuffer(slice))), promise: nil)
            // Flushing may have asked for the next piece already, from inside.
            context.flush()
            guard case .bytes(let now) = ongoing, now == left else { return }
        }
        if left == 0 { finish(context) }
    }

    /// Writes the next piece and comes back after the interval.
    private func tick(_ context: ChannelHandlerContext) {
        let interval: TimeAmount
        switch ongoing {
        case .drip(let left, let pause):
            guard left > 0 else { return finish(context) }
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: ".")))), promise: nil)
            ongoing = .drip(left: left - 1, interval: pause)
            interval = left == 1 ? .zero : pause
        case .events(let sent, let total, let pause):
            guard total.map({ sent < $0 }) ?? true else { return finish(context) }
            let event = ByteBuffer(
                string: "id: \(sent + 1)\ndata: {\"server\":\"\(core.identityName)\",\"event\":\(sent + 1)}\n\n")
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(event))), promise: nil)
            ongoing = .events(sent: sent + 1, of: total, interval: pause)
            interval = sent + 1 == total ? .zero : pause
        case .bytes, nil: return
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.tick(context) }
    }
}
