extension Tool {
    package static let tc = Tool(name: "tc", variable: "FAIRWAY_TC")
    package static let containerd = Tool(name: "containerd", variable: "FAIRWAY_CONTAINERD")
    package static let ctr = Tool(name: "ctr", variable: "FAIRWAY_CTR")
}
