import AsyncHTTPClient
import Foundation
package import KubernetesModel
import NIOCore

/// An open watch. Ask `next()` until it gives `nil` (the server ended it in good order) or throws: `.expired` means
/// list again; anything else means watch again from the last resource version.
package struct Watch<O: KubernetesObject> {
    private var body: HTTPClientResponse.Body.AsyncIterator
    private var lines: LineSplitter
    private let request: APIRequest
    private let transport: APITransport
    private let decoder = JSONDecoder()

    init(response: HTTPClientResponse, request: APIRequest, transport: APITransport, maximumLine: Int) {
        body = response.body.makeAsyncIterator()
        lines = LineSplitter(limit: maximumLine)
        self.request = request
        self.transport = transport
    }

    package mutating func next() async throws(KubernetesError) -> WatchEvent<O>? {
        while true {
            if let line = try nextLine() { return try event(line) }
            let chunk: ByteBuffer?
            do {
                chunk = try await body.next(isolation: #isolation)
            } catch {
                throw transport.failure(error, request)
            }
            guard let chunk else {
                if lines.hasPartialLine {
                    throw problem(.transport, "the connection closed in the middle of an object")
                }
                return nil
            }
            lines.append(chunk)
        }
    }

    private mutating func nextLine() throws(KubernetesError) -> ByteBuffer? {
        do {
            return try lines.nextLine()
        } catch {
            throw problem(.undecodable, "an event is larger than \(error.limit) bytes")
        }
    }

    private func event(_ line: ByteBuffer) throws(KubernetesError) -> WatchEvent<O> {
        let frame: WatchFrame<O>
        do {
            frame = try decoder.decode(WatchFrame<O>.self, from: Data(line.readableBytesView))
        } catch {
            throw problem(.undecodable, "an event is malformed: \(DecodingFailure.reason(error))")
        }
        switch frame.content {
        case .event(let event):
            return event
        case .failure(let status):
            let code = KubernetesError.Code(httpStatus: status.code ?? 500, reason: status.reason)
            throw KubernetesError(
                code, operation: request.operation, subject: request.subject,
                message: status.message ?? "the server ended the watch with \(status.code ?? 500)", status: status,
                retryAfter: status.details?.retryAfterSeconds.map { .seconds(min(max($0, 0), 600)) })
        }
    }

    private func problem(_ code: KubernetesError.Code, _ message: String) -> KubernetesError {
        KubernetesError(code, operation: request.operation, subject: request.subject, message: message)
    }
}
