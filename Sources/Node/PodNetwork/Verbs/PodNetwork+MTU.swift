extension PodNetworkAgent {
    /// Takes another largest packet, in bytes, for pods that come from now on, such as what a tunnel between nodes leaves of it.
    package func setMTU(_ bytes: Int) {
        if bytes > 0 { mtu = bytes }
    }
}
