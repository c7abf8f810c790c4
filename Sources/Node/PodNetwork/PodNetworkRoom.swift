enum PodNetworkRoom {}
