/// Pods and what makes pods. What lies deeper is not described: members beneath `open` types pass unseen.
let workloadSchema = """
    @v1 Pod
      spec PodSpec always
      status PodStatus always
    PodSpec open
      containers []Container map(name) merge(name) always
      initContainers []Container map(name) merge(name)
      ephemeralContainers []Container map(name) merge(name)
      volumes []Volume map(name) merge(name) retainKeys
      imagePullSecrets []LocalObjectReference map(name) merge(name)
      hostAliases []HostAlias map(ip) merge(ip)
      topologySpreadConstraints []TopologySpreadConstraint map(topologyKey,whenUnsatisfiable) merge(topologyKey)
      readinessGates []any
      schedulingGates []SchedulingGate map(name) merge(name)
      resourceClaims []PodResourceClaim map(name) merge(name) retainKeys
      tolerations []any
      nodeSelector {}string atomic
      nodeName string
      restartPolicy string
    Volume open
      name string required
    HostAlias
      ip string required
      hostnames []string
    TopologySpreadConstraint open
      topologyKey string required
      whenUnsatisfiable string required
      labelSelector LabelSelector
    SchedulingGate
      name string required
    PodResourceClaim open
      name string required
    Container open
      name string required
      image string
      command []string
      args []string
      ports []ContainerPort map(containerPort,protocol=TCP) merge(containerPort)
      env []EnvVar map(name) merge(name)
      envFrom []any
      volumeMounts []VolumeMount map(mountPath) merge(mountPath)
      volumeDevices []VolumeDevice map(devicePath) merge(devicePath)
      resizePolicy []any
      resources ResourceRequirements always
    ResourceRequirements
      limits {}quantity
      requests {}quantity
      claims []ResourceClaim map(name)
    ResourceClaim
      name string required
      request string
    ContainerPort
      name string
      hostPort int
      containerPort int required
      protocol string
      hostIP string
    EnvVar
      name string required
      value string
      valueFrom EnvVarSource
    EnvVarSource
      fieldRef ObjectFieldSelector
      resourceFieldRef ResourceFieldSelector
      configMapKeyRef KeySelector
      secretKeyRef KeySelector
      fileKeyRef FileKeySelector
    ObjectFieldSelector atomic
      apiVersion string
      fieldPath string
    ResourceFieldSelector atomic
      containerName string
      resource string
      divisor quantity
    KeySelector atomic
      name string
      key string
      optional bool
    FileKeySelector atomic
      volumeName string
      path string
      key string
      optional bool
    VolumeMount open
      name string required
      mountPath string required
    VolumeDevice
      name string required
      devicePath string required
    PodStatus open
      phase string
      conditions []PodCondition map(type) merge(type)
      podIP string
      podIPs []PodIP map(ip) merge(ip)
      hostIPs []PodIP
      containerStatuses []any
    PodCondition open
      type string required
      status string required
    PodIP
      ip string required
    PodTemplateSpec
      metadata ObjectMeta always
      spec PodSpec always
    @apps/v1 Deployment
      spec DeploymentSpec always
      status WorkloadStatus always
    DeploymentSpec
      replicas int
      selector LabelSelector required
      template PodTemplateSpec always required
      strategy DeploymentStrategy always
      minReadySeconds int
      revisionHistoryLimit int
      paused bool
      progressDeadlineSeconds int
    DeploymentStrategy
      type string
      rollingUpdate any
    WorkloadStatus open
      conditions []WorkloadCondition map(type) merge(type)
    WorkloadCondition open
      type string required
      status string required
    @apps/v1 ReplicaSet
      spec ReplicaSetSpec always
      status WorkloadStatus always
    ReplicaSetSpec
      replicas int
      minReadySeconds int
      selector LabelSelector required
      template PodTemplateSpec always
    @apps/v1 StatefulSet
      spec StatefulSetSpec always
      status WorkloadStatus always
    StatefulSetSpec open
      selector LabelSelector required
      template PodTemplateSpec always required
      volumeClaimTemplates []any
    @apps/v1 DaemonSet
      spec DaemonSetSpec always
      status WorkloadStatus always
    DaemonSetSpec open
      selector LabelSelector required
      template PodTemplateSpec always required
    @batch/v1 Job
      spec JobSpec always
      status WorkloadStatus always
    JobSpec open
      selector LabelSelector
      template PodTemplateSpec always required
    @batch/v1 CronJob
      spec CronJobSpec always
      status WorkloadStatus always
    CronJobSpec open
      schedule string required
      jobTemplate JobTemplateSpec always required
    JobTemplateSpec
      metadata ObjectMeta always
      spec JobSpec always
    """
