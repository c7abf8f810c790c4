/// Types that many kinds share. The notation is `SchemaText`'s.
let metaSchema = """
    ObjectMeta
      name string | Unique among objects of the kind in its namespace.
      generateName string | A prefix; the server completes it to a name.
      namespace string | The space in which the name is unique.
      selfLink string
      uid string | Tells objects of one name apart over time. Set by the server.
      resourceVersion string | The version of the object in the store. Set by the server.
      generation int64 | Counts changes of the desired state. Set by the server.
      creationTimestamp time | When the object came to be. Set by the server.
      deletionTimestamp time | When the object will go. Set by the server upon deletion.
      deletionGracePeriodSeconds int64 | Seconds an object may take to end.
      labels {}string | Names to select objects by.
      annotations {}string | Notes that tools keep on the object.
      ownerReferences []OwnerReference map(uid) merge(uid) | Objects that this one belongs to.
      finalizers []string set merge | Work to be done before the object may go.
      managedFields []ManagedFieldsEntry | Who set which field. Kept by the server.
    OwnerReference atomic
      apiVersion string required | The owner's version.
      kind string required | The owner's kind.
      name string required | The owner's name.
      uid string required | The owner's uid.
      controller bool | Whether the owner manages this object.
      blockOwnerDeletion bool | Whether a foreground deletion of the owner waits for this object.
    ManagedFieldsEntry
      manager string
      operation string
      apiVersion string
      time time
      fieldsType string
      fieldsV1 any
      subresource string
    LabelSelector atomic
      matchLabels {}string | Labels with exactly these values.
      matchExpressions []LabelSelectorRequirement | Requirements that all must hold.
    LabelSelectorRequirement
      key string required
      operator string required
      values []string
    Condition
      type string required | What the condition is about.
      status string required | True, False or Unknown.
      observedGeneration int64 | The generation that the condition was derived from.
      lastTransitionTime time required | When the status last changed.
      reason string required | The reason in one word.
      message string required | The reason for people.
    ObjectReference atomic
      apiVersion string
      kind string
      namespace string
      name string
      uid string
      resourceVersion string
      fieldPath string
    LocalObjectReference atomic
      name string
    TypedLocalObjectReference atomic
      apiGroup string | The group of the object; empty for the core group.
      kind string required | The kind of the object.
      name string required | The name of the object.
    """
