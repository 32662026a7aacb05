{{/* One webhook, but for its name. Takes `root`, `path` and `settings`. */}}
{{- define "holdpoint.webhook" -}}
{{- $root := .root -}}
{{- $webhook := $root.Values.webhook -}}
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
failurePolicy: {{ .settings.failurePolicy }}
timeoutSeconds: {{ .settings.timeoutSeconds }}
clientConfig:
  {{- if $webhook.url }}
  url: {{ $webhook.url | trimSuffix "/" }}{{ .path }}
  {{- else }}
  service:
    name: {{ include "holdpoint.fullname" $root }}
    namespace: {{ $root.Release.Namespace }}
    port: 443
    path: {{ .path }}
  {{- end }}
  {{- with include "holdpoint.caBundle" $root }}
  caBundle: {{ . }}
  {{- end }}
namespaceSelector:
  {{- $selector := .settings.namespaceSelector | default dict }}
  {{- with $selector.matchLabels }}
  matchLabels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ include "holdpoint.exemptNamespaces" $root }}
    {{- with $selector.matchExpressions }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- with $webhook.matchConditions }}
matchConditions:
  {{- toYaml . | nindent 2 }}
{{- end }}
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    resources:
      - pods
      - pods/ephemeralcontainers
      - podtemplates
      - replicationcontrollers
      - replicationcontrollers/scale
    operations: [CREATE, UPDATE]
    scope: Namespaced
  - apiGroups: [apps]
    apiVersions: [v1]
    resources:
      - daemonsets
      - deployments
      - deployments/scale
      - replicasets
      - replicasets/scale
      - statefulsets
      - statefulsets/scale
    operations: [CREATE, UPDATE]
    scope: Namespaced
  - apiGroups: [batch]
    apiVersions: [v1]
    resources:
      - cronjobs
      - jobs
    operations: [CREATE, UPDATE]
    scope: Namespaced
  {{- range $webhook.customResources }}
  - apiGroups: {{ toJson .apiGroups }}
    apiVersions: {{ toJson .apiVersions }}
    resources: {{ toJson .resources }}
    operations: [CREATE, UPDATE]
    scope: Namespaced
  {{- end }}
{{- end }}

{{/* Whom the API server trusts; nothing when cert-manager writes it. */}}
{{- define "holdpoint.caBundle" -}}
{{- if eq .Values.certificate.mode "self-signed" -}}
{{- (include "holdpoint.selfSigned" . | fromJson).ca | b64enc -}}
{{- else if eq .Values.certificate.mode "existing" -}}
{{- required "webhook.caBundle: certificate.mode is existing, so the API server has to be told whom to trust" .Values.webhook.caBundle -}}
{{- end -}}
{{- end }}
