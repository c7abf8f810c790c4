package import NetTypes

/// What limits look at. The proxy's limiter and `decide` fill it from different ends; what follows is the same code.
package struct LimitedRequest: Hashable, Sendable {
    /// As the edge decided it.
    package var clientAddress: IPAddress?
    package var method: String
    /// Lower case, without port.
    package var host: String
    /// Normalised, without the query.
    package var path: String
    /// Without `?`; empty where there is none.
    package var query: String
    /// First value of each header, names in lower case.
    package var headers: [String: String]

    package init(
        clientAddress: IPAddress?, method: String, host: String, path: String, query: String = "",
        headers: [String: String] = [:]
    ) {
        self.clientAddress = clientAddress
        self.method = method
        self.host = host
        self.path = path
        self.query = query
        self.headers = headers
    }
}

/// One limit that counts a request: where, how much, against which allowance.
package struct LimitCheck: Hashable, Sendable {
    /// Index into the set's limits.
    package var limit: Int
    /// The values of the key's parts, in order; `nil` for a missing one.
    package var values: [String?]
    /// Named where a conditional allowance took over.
    package var allowanceName: String?
    /// `nil`: counted, never refused.
    package var allowance: Allowance?
    /// 0 where the response decides.
    package var cost: Int64

    package init(limit: Int, values: [String?], allowanceName: String? = nil, allowance: Allowance?, cost: Int64) {
        self.limit = limit
        self.values = values
        self.allowanceName = allowanceName
        self.allowance = allowance
        self.cost = cost
    }
}
