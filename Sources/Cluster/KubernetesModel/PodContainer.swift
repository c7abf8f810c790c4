extension Pod {
    /// An environment variable with a value of its own; `valueFrom` is not read.
    package struct Variable: Codable, Hashable, Sendable {
        package var name: String
        package var value: String?

        package init(name: String, value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    /// How to find out whether a container is ready. Absent numbers have Kubernetes' defaults.
    package struct Probe: Codable, Hashable, Sendable {
        package var httpGet: HTTPGet?
        package var tcpSocket: TCPSocket?
        package var exec: Exec?
        package var initialDelaySeconds: Int32?
        /// 10 by default.
        package var periodSeconds: Int32?
        /// 1 by default.
        package var timeoutSeconds: Int32?
        /// 1 by default.
        package var successThreshold: Int32?
        /// 3 by default.
        package var failureThreshold: Int32?

        package init(httpGet: HTTPGet? = nil, tcpSocket: TCPSocket? = nil, exec: Exec? = nil) {
            self.httpGet = httpGet
            self.tcpSocket = tcpSocket
            self.exec = exec
        }
    }

    package struct HTTPGet: Codable, Hashable, Sendable {
        package var path: String?
        package var port: IntOrString

        package init(path: String? = nil, port: IntOrString) {
            self.path = path
            self.port = port
        }
    }

    package struct TCPSocket: Codable, Hashable, Sendable {
        package var port: IntOrString

        package init(port: IntOrString) { self.port = port }
    }

    package struct Exec: Codable, Hashable, Sendable {
        package var command: [String]?

        package init(command: [String]? = nil) { self.command = command }
    }

    package struct Lifecycle: Codable, Hashable, Sendable {
        package var preStop: Handler?

        package init(preStop: Handler? = nil) { self.preStop = preStop }

        package struct Handler: Codable, Hashable, Sendable {
            package var exec: Exec?
            package var sleep: Sleep?

            package init(exec: Exec? = nil, sleep: Sleep? = nil) {
                self.exec = exec
                self.sleep = sleep
            }
        }

        package struct Sleep: Codable, Hashable, Sendable {
            package var seconds: Int64

            package init(seconds: Int64) { self.seconds = seconds }
        }
    }
}
