/// The numbers of the fields in Kubernetes' protobuf form, by the types of `BuiltInSchema`; `+` marks a message whose
/// fields stand among those of the type itself in JSON.
let protobufFieldNumbers = """
    Pod metadata=1 spec=2 status=3
    PodSpec volumes=1 containers=2 restartPolicy=3 nodeSelector=7 nodeName=10 imagePullSecrets=15 initContainers=20 \
      tolerations=22 hostAliases=23 readinessGates=28 topologySpreadConstraints=33 ephemeralContainers=34 \
      schedulingGates=38 resourceClaims=39
    HostAlias ip=1 hostnames=2
    TopologySpreadConstraint topologyKey=2 whenUnsatisfiable=3 labelSelector=4
    PodResourceClaim name=1
    Container name=1 image=2 command=3 args=4 ports=6 env=7 resources=8 volumeMounts=9 envFrom=19 volumeDevices=21 \
      resizePolicy=23
    ResourceRequirements limits=1 requests=2 claims=3
    ResourceClaim name=1 request=2
    ContainerPort name=1 hostPort=2 containerPort=3 protocol=4 hostIP=5
    EnvVar name=1 value=2 valueFrom=3
    EnvVarSource fieldRef=1 resourceFieldRef=2 configMapKeyRef=3 secretKeyRef=4 fileKeyRef=5
    ObjectFieldSelector apiVersion=1 fieldPath=2
    ResourceFieldSelector containerName=1 resource=2 divisor=3
    FileKeySelector volumeName=1 path=2 key=3 optional=4
    VolumeMount name=1 mountPath=3
    VolumeDevice name=1 devicePath=2
    PodStatus phase=1 conditions=2 podIP=6 containerStatuses=8 podIPs=12 hostIPs=16
    PodCondition type=1 status=2
    PodIP ip=1
    PodTemplateSpec metadata=1 spec=2
    Deployment metadata=1 spec=2 status=3
    DeploymentSpec replicas=1 selector=2 template=3 strategy=4 minReadySeconds=5 revisionHistoryLimit=6 paused=7 \
      progressDeadlineSeconds=9
    DeploymentStrategy type=1 rollingUpdate=2
    ReplicaSet metadata=1 spec=2 status=3
    ReplicaSetSpec replicas=1 selector=2 template=3 minReadySeconds=4
    StatefulSet metadata=1 spec=2 status=3
    StatefulSetSpec selector=2 template=3 volumeClaimTemplates=4
    DaemonSet metadata=1 spec=2 status=3
    DaemonSetSpec selector=1 template=2
    Ingress metadata=1 spec=2 status=3
    IngressSpec defaultBackend=1 tls=2 rules=3 ingressClassName=4
    IngressTLS hosts=1 secretName=2
    IngressRule host=1 +IngressRuleValue=2
    HTTPIngressRuleValue paths=1
    HTTPIngressPath path=1 backend=2 pathType=3
    IngressBackend resource=3 service=4
    IngressServiceBackend name=1 port=2
    ServiceBackendPort name=1 number=2
    IngressStatus loadBalancer=1
    IngressLoadBalancerStatus ingress=1
    IngressLoadBalancerIngress ip=1 hostname=2 ports=4
    IngressPortStatus port=1 protocol=2 error=3
    IngressClass metadata=1 spec=2
    IngressClassSpec controller=1 parameters=2
    IngressClassParametersReference apiGroup=1 kind=2 name=3 scope=4 namespace=5
    NetworkPolicy metadata=1 spec=2
    NetworkPolicySpec podSelector=1 ingress=2 egress=3 policyTypes=4
    NetworkPolicyIngressRule ports=1 from=2
    NetworkPolicyEgressRule ports=1 to=2
    NetworkPolicyPort protocol=1 port=2 endPort=3
    NetworkPolicyPeer podSelector=1 namespaceSelector=2 ipBlock=3
    IPBlock cidr=1 except=2
    EndpointSlice metadata=1 endpoints=2 ports=3 addressType=4
    Endpoint addresses=1 conditions=2 hostname=3 targetRef=4 deprecatedTopology=5 nodeName=6 zone=7 hints=8
    EndpointConditions ready=1 serving=2 terminating=3
    EndpointHints forZones=1 forNodes=2
    ForZone name=1
    ForNode name=1
    EndpointPort name=1 port=2 protocol=3 appProtocol=4
    ObjectMeta name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7 \
      creationTimestamp=8 deletionTimestamp=9 deletionGracePeriodSeconds=10 labels=11 annotations=12 \
      ownerReferences=13 finalizers=14 managedFields=17
    OwnerReference kind=1 name=3 uid=4 apiVersion=5 controller=6 blockOwnerDeletion=7
    ManagedFieldsEntry manager=1 operation=2 apiVersion=3 time=4 fieldsType=6 fieldsV1=7 subresource=8
    LabelSelector matchLabels=1 matchExpressions=2
    LabelSelectorRequirement key=1 operator=2 values=3
    Condition type=1 status=2 observedGeneration=3 lastTransitionTime=4 reason=5 message=6
    ObjectReference kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7
    LocalObjectReference name=1
    TypedLocalObjectReference apiGroup=1 kind=2 name=3
    Service metadata=1 spec=2 status=3
    ServiceSpec ports=1 selector=2 clusterIP=3 type=4 externalIPs=5 sessionAffinity=7 loadBalancerIP=8 \
      loadBalancerSourceRanges=9 externalName=10 externalTrafficPolicy=11 healthCheckNodePort=12 \
      publishNotReadyAddresses=13 sessionAffinityConfig=14 ipFamilyPolicy=17 clusterIPs=18 ipFamilies=19 \
      allocateLoadBalancerNodePorts=20 loadBalancerClass=21 internalTrafficPolicy=22 trafficDistribution=23
    ServicePort name=1 protocol=2 port=3 targetPort=4 nodePort=5 appProtocol=6
    SessionAffinityConfig clientIP=1
    ClientIPConfig timeoutSeconds=1
    ServiceStatus loadBalancer=1 conditions=2
    LoadBalancerStatus ingress=1
    LoadBalancerIngress ip=1 hostname=2 ipMode=3 ports=4
    PortStatus port=1 protocol=2 error=3
    Secret metadata=1 data=2 type=3 stringData=4 immutable=5
    ConfigMap metadata=1 data=2 binaryData=3 immutable=4
    Namespace metadata=1 spec=2 status=3
    NamespaceSpec finalizers=1
    NamespaceStatus phase=1 conditions=2
    Event metadata=1 involvedObject=2 reason=3 message=4 source=5 firstTimestamp=6 lastTimestamp=7 count=8 type=9 \
      eventTime=10 series=11 action=12 related=13 reportingComponent=14 reportingInstance=15
    EventSource component=1 host=2
    EventSeries count=1 lastObservedTime=2
    Endpoints metadata=1 subsets=2
    EndpointSubset
    ServiceAccount metadata=1 secrets=2 imagePullSecrets=3 automountServiceAccountToken=4
    Node metadata=1 spec=2 status=3
    NodeSpec podCIDR=1 providerID=3 unschedulable=4 taints=5 podCIDRs=7
    NodeStatus capacity=1 allocatable=2 phase=3 conditions=4 addresses=5 nodeInfo=7
    NodeCondition type=1 status=2
    NodeAddress type=1 address=2
    Lease metadata=1 spec=2
    LeaseSpec holderIdentity=1 leaseDurationSeconds=2 acquireTime=3 renewTime=4 leaseTransitions=5 strategy=6 \
      preferredHolder=7
    IngressRuleValue http=1
    """
