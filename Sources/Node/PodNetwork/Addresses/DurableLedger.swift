/// The ledger together with its log: what the one says, the other will say after a restart.
struct DurableLedger: ~Copyable {
    private(set) var ledger = AddressLedger()
    private var log: LedgerLog
    /// The last change that could not be written. Freeing goes on without the log, since the kernel's own view at the next start
    /// gives back what it missed; reserving does not.
    private(set) var unwritten: LedgerLog.Failure?

    init(in directory: String, header: LedgerLogFormat.Header) throws(LedgerLog.Failure) {
        var replayed = AddressLedger()
        log = try LedgerLog(in: directory, header: header, replayingInto: &replayed)
        ledger = replayed
    }

    enum ReserveFailure: Error {
        case refused(ReservationRefusal)
        case notWritten(LedgerLog.Failure)
    }

    /// Nothing is reserved that is not written.
    mutating func reserve(_ request: ReservationRequest) throws(ReserveFailure) -> Reservation {
        var changed = ledger
        let reservation: Reservation
        do throws(ReservationRefusal) {
            reservation = try changed.reserve(request)
        } catch {
            throw .refused(error)
        }
        do throws(LedgerLog.Failure) {
            // The log may still lack that the address was freed before.
            if unwritten != nil { try log.rewrite(ledger.snapshot) }
            unwritten = nil
            try log.append([.reserved(reservation)])
        } catch {
            throw .notWritten(error)
        }
        ledger = changed
        return reservation
    }

    /// Takes down what happened in any case, and writes it if that is possible.
    mutating func record(_ events: [LedgerEvent]) {
        for event in events { ledger.apply(event) }
        do throws(LedgerLog.Failure) {
            // A whole new file also mends what an earlier failure left out.
            if unwritten != nil || log.isLong(for: ledger.count) {
                try log.rewrite(ledger.snapshot)
            } else {
                try log.append(events)
            }
            unwritten = nil
        } catch {
            unwritten = error
        }
    }
}
