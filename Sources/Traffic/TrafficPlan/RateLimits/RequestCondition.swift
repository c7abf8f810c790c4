/// All parts that are not empty must hold.
package struct RequestCondition: Hashable, Sendable, Codable {
    package var path: RouteMatch.Path?
    /// Any of these; empty: all.
    package var methods: [String]
    package var hosts: [Hostname]
    package var headers: [ValueMatch]
    package var queryParameters: [ValueMatch]

    package init(
        path: RouteMatch.Path? = nil, methods: [String] = [], hosts: [Hostname] = [], headers: [ValueMatch] = [],
        queryParameters: [ValueMatch] = []
    ) {
        self.path = path
        self.methods = methods
        self.hosts = hosts
        self.headers = headers
        self.queryParameters = queryParameters
    }
}

package struct ValueMatch: Hashable, Sendable, Codable {
    package enum Test: Hashable, Sendable, Codable {
        case exact(String)
        /// An RE2 expression that must match the whole value.
        case regex(String)
        case present
        case absent
    }

    /// Header names are lower case.
    package var name: String
    package var test: Test

    package init(name: String, test: Test) {
        self.name = name
        self.test = test
    }
}
