/// `networking.k8s.io` and `discovery.k8s.io`. The notation is `SchemaText`'s.
let networkingSchema = """
    @networking.k8s.io/v1 Ingress
      spec IngressSpec always | What is to be routed, and to where.
      status IngressStatus always | What is known of it. Written by controllers.
    IngressSpec
      ingressClassName string | The IngressClass whose controller serves this.
      defaultBackend IngressBackend | Where requests go that match no rule.
      tls []IngressTLS | Certificates, and the hosts they are for.
      rules []IngressRule | Routes by host and path.
    IngressTLS
      hosts []string | The hosts that the certificate is for.
      secretName string | The secret of type kubernetes.io/tls.
    IngressRule
      host string | The host, or a wildcard for one label of it.
      http HTTPIngressRuleValue | The host's paths.
    HTTPIngressRuleValue
      paths []HTTPIngressPath required | Paths and their backends.
    HTTPIngressPath
      path string | The path, beginning with a slash.
      pathType string required | Exact, Prefix or ImplementationSpecific.
      backend IngressBackend always required | Where matching requests go.
    IngressBackend
      service IngressServiceBackend | A service of the same namespace.
      resource TypedLocalObjectReference | Another object of the same namespace.
    IngressServiceBackend
      name string required | The service's name.
      port ServiceBackendPort always | The service's port.
    ServiceBackendPort atomic
      name string | The port by name.
      number int | The port by number.
    IngressStatus
      loadBalancer IngressLoadBalancerStatus always | Where the Ingress can be reached.
    IngressLoadBalancerStatus
      ingress []IngressLoadBalancerIngress | The addresses.
    IngressLoadBalancerIngress
      ip string
      hostname string
      ports []IngressPortStatus
    IngressPortStatus
      port int required
      protocol string required
      error string
    @networking.k8s.io/v1 IngressClass
      spec IngressClassSpec always | Who serves Ingresses of this class.
    IngressClassSpec
      controller string | The controller, as a path below a domain: example.com/controller.
      parameters IngressClassParametersReference | An object with the controller's settings.
    IngressClassParametersReference
      apiGroup string
      kind string required
      name string required
      scope string
      namespace string
    @networking.k8s.io/v1 NetworkPolicy
      spec NetworkPolicySpec always
    NetworkPolicySpec
      podSelector LabelSelector always
      ingress []NetworkPolicyIngressRule
      egress []NetworkPolicyEgressRule
      policyTypes []string
    NetworkPolicyIngressRule
      ports []NetworkPolicyPort
      from []NetworkPolicyPeer
    NetworkPolicyEgressRule
      ports []NetworkPolicyPort
      to []NetworkPolicyPeer
    NetworkPolicyPort
      protocol string
      port intOrString
      endPort int
    NetworkPolicyPeer
      podSelector LabelSelector
      namespaceSelector LabelSelector
      ipBlock IPBlock
    IPBlock
      cidr string required
      except []string
    @discovery.k8s.io/v1 EndpointSlice
      addressType string required | IPv4, IPv6 or FQDN.
      endpoints []Endpoint required | The endpoints, at most 1000.
      ports []EndpointPort | The ports of every endpoint.
    Endpoint
      addresses []string set required | The endpoint's addresses.
      conditions EndpointConditions always | Whether it takes requests.
      hostname string | The endpoint's own host name.
      targetRef ObjectReference | The object behind the endpoint.
      deprecatedTopology {}string
      nodeName string | The node it is on.
      zone string | The zone it is in.
      hints EndpointHints | For whom it is meant.
    EndpointConditions
      ready bool | Takes new requests.
      serving bool | Answers requests, even while it ends.
      terminating bool | Is about to end.
    EndpointHints
      forZones []ForZone
      forNodes []ForNode
    ForZone
      name string required
    ForNode
      name string required
    EndpointPort atomic
      name string
      protocol string
      port int
      appProtocol string
    """
