/// The core group's kinds. The notation is `SchemaText`'s.
let coreSchema = """
    @v1 Service
      spec ServiceSpec always | What the service is.
      status ServiceStatus always | What is known of it. Written by controllers.
    ServiceSpec
      type string | ClusterIP, NodePort, LoadBalancer or ExternalName.
      ports []ServicePort map(port,protocol=TCP) merge(port) | The ports that the service answers on.
      selector {}string atomic | Labels of the pods behind the service.
      clusterIP string | The service's address; None for a headless service.
      clusterIPs []string | The service's addresses, one for each family.
      externalIPs []string | Addresses outside of the cluster that lead here too.
      sessionAffinity string | ClientIP or None.
      sessionAffinityConfig SessionAffinityConfig | Settings of session affinity.
      loadBalancerIP string | A wish for the load balancer's address.
      loadBalancerSourceRanges []string | Networks that may reach the load balancer.
      loadBalancerClass string | Which load balancer implementation is to serve this.
      externalName string | The DNS name that a service of type ExternalName stands for.
      externalTrafficPolicy string | Cluster, or Local to keep to the node's own endpoints.
      internalTrafficPolicy string | Cluster, or Local to keep to the node's own endpoints.
      healthCheckNodePort int | The port that tells whether a node has endpoints.
      publishNotReadyAddresses bool | Whether endpoints count before they are ready.
      ipFamilies []string | IPv4, IPv6 or both, in order of preference.
      ipFamilyPolicy string | SingleStack, PreferDualStack or RequireDualStack.
      allocateLoadBalancerNodePorts bool | Whether a load balancer gets node ports.
      trafficDistribution string | A preference for endpoints that are near.
    ServicePort
      name string | The port's name, unique within the service.
      protocol string | TCP, UDP or SCTP.
      appProtocol string | The protocol of the application.
      port int required | The port that the service answers on.
      targetPort intOrString | The pod's port, by number or name.
      nodePort int | The port on every node.
    SessionAffinityConfig
      clientIP ClientIPConfig
    ClientIPConfig
      timeoutSeconds int
    ServiceStatus
      loadBalancer LoadBalancerStatus always | Where the load balancer can be reached.
      conditions []Condition map(type) merge(type) | The state in conditions.
    LoadBalancerStatus
      ingress []LoadBalancerIngress | The load balancer's addresses.
    LoadBalancerIngress
      ip string
      ipMode string
      hostname string
      ports []PortStatus
    PortStatus
      port int required
      protocol string required
      error string
    @v1 Secret
      type string | What the secret is for.
      immutable bool | Whether the data may never change.
      data {}bytes | The data, in base64.
      stringData {}string | Data as text. Goes into `data`.
    @v1 ConfigMap
      immutable bool | Whether the data may never change.
      data {}string | The data.
      binaryData {}bytes | Data that is no UTF-8, in base64.
    @v1 Namespace
      spec NamespaceSpec always
      status NamespaceStatus always
    NamespaceSpec
      finalizers []string | Work to be done before the namespace may go.
    NamespaceStatus
      phase string | Active or Terminating.
      conditions []Condition map(type) merge(type)
    @v1 Event
      involvedObject ObjectReference always required | The object that the event is about.
      reason string | The reason in one word.
      message string | The reason for people.
      source EventSource always | Who reports it.
      firstTimestamp time | When it was first seen.
      lastTimestamp time | When it was last seen.
      count int | How often it was seen.
      type string | Normal or Warning.
      eventTime time | When it happened.
      series EventSeries | The series that the event stands for.
      action string | What was done.
      related ObjectReference | Another object that takes part.
      reportingComponent string | The controller that reports it.
      reportingInstance string | The controller's instance.
    EventSource
      component string
      host string
    EventSeries
      count int
      lastObservedTime time
    @v1 Endpoints
      subsets []EndpointSubset
    EndpointSubset open
    @v1 ServiceAccount
      secrets []ObjectReference map(name) merge(name)
      imagePullSecrets []LocalObjectReference merge(name)
      automountServiceAccountToken bool
    @v1 Node
      spec NodeSpec always
      status NodeStatus always
    NodeSpec open
      podCIDR string
      podCIDRs []string set merge
      providerID string
      unschedulable bool
      taints []any
    NodeStatus open
      capacity {}quantity
      allocatable {}quantity
      phase string
      conditions []NodeCondition map(type) merge(type)
      addresses []NodeAddress map(type) merge(type)
      nodeInfo any
    NodeCondition open
      type string required
      status string required
    NodeAddress
      type string required
      address string required
    """
