/// Leases, events, custom resource definitions and roles. The notation is `SchemaText`'s.
let otherSchema = """
    @coordination.k8s.io/v1 Lease
      spec LeaseSpec always | Who holds the lease.
    LeaseSpec
      holderIdentity string | Who holds the lease.
      leaseDurationSeconds int | Seconds after the last renewal until others may take it.
      acquireTime time | When the holder took it.
      renewTime time | When the holder last renewed it.
      leaseTransitions int | How often it has changed hands.
      strategy string
      preferredHolder string
    @events.k8s.io/v1 Event
      eventTime time | When it happened.
      series EventSeries | The series that the event stands for.
      reportingController string | The controller that reports it.
      reportingInstance string | The controller's instance.
      action string | What was done.
      reason string | The reason in one word.
      regarding ObjectReference always | The object that the event is about.
      related ObjectReference | Another object that takes part.
      note string | The reason for people.
      type string | Normal or Warning.
      deprecatedSource EventSource always
      deprecatedFirstTimestamp time
      deprecatedLastTimestamp time
      deprecatedCount int
    @apiextensions.k8s.io/v1 CustomResourceDefinition
      spec CustomResourceDefinitionSpec always required | The kind to be served.
      status CustomResourceDefinitionStatus | What is known of it. Written by the server.
    CustomResourceDefinitionSpec
      group string required | The API group.
      names CustomResourceDefinitionNames always required | The kind's names.
      scope string required | Namespaced or Cluster.
      versions []CustomResourceDefinitionVersion required | The versions served.
      conversion any | How versions are converted into each other.
      preserveUnknownFields bool
    CustomResourceDefinitionNames
      plural string required | As it stands in the URL.
      singular string | As it may be typed.
      shortNames []string | Short forms to type.
      kind string required | The kind, in upper camel case.
      listKind string | The kind of a list of them.
      categories []string | Groups of kinds, such as all.
    CustomResourceDefinitionVersion
      name string required | The version, such as v1alpha1.
      served bool required | Whether it is served.
      storage bool required | Whether objects are stored in it. True for exactly one.
      deprecated bool | Whether using it warns.
      deprecationWarning string | The words of that warning.
      schema any | The structural schema.
      subresources any | status and scale.
      additionalPrinterColumns []any | Columns of kubectl get.
      selectableFields []any | Fields for field selectors.
    CustomResourceDefinitionStatus
      conditions []Condition map(type) merge(type)
      acceptedNames CustomResourceDefinitionNames always
      storedVersions []string
      observedGeneration int64
    @rbac.authorization.k8s.io/v1 Role
      rules []PolicyRule
    @rbac.authorization.k8s.io/v1 ClusterRole
      rules []PolicyRule
      aggregationRule any
    @rbac.authorization.k8s.io/v1 RoleBinding
      subjects []RoleSubject
      roleRef RoleRef always required
    @rbac.authorization.k8s.io/v1 ClusterRoleBinding
      subjects []RoleSubject
      roleRef RoleRef always required
    PolicyRule
      verbs []string required
      apiGroups []string
      resources []string
      resourceNames []string
      nonResourceURLs []string
    RoleSubject atomic
      kind string required
      apiGroup string
      name string required
      namespace string
    RoleRef atomic
      apiGroup string
      kind string required
      name string required
    """
