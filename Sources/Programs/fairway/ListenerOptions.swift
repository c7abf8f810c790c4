import ArgumentParser
import NetTypes

/// Where clients connect.
struct ListenerOptions: ParsableArguments {
    @Option(help: "The address that Envoy listens on; 0.0.0.0 or :: for every address of this machine.")
    var bind = "127.0.0.1"

    @Option(name: .customLong("http-port"), help: "The port for HTTP.")
    var httpPort: UInt16 = 8080

    @Option(name: .customLong("https-port"), help: "The port for HTTPS.")
    var httpsPort: UInt16 = 8443

    func validate() throws {
        _ = try address
        if httpPort == httpsPort { throw ValidationError("--http-port and --https-port are both \(httpPort)") }
    }

    var address: IPAddress {
        get throws {
            guard let address = IPAddress(bind) else {
                throw ValidationError("--bind \(bind): not an IP address (for example 127.0.0.1, 0.0.0.0 or ::1)")
            }
            return address
        }
    }
}
