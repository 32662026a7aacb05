{{/* The pod, for either kind of workload. Takes `root`, and `github`: whether it answers GitHub in place of API servers. */}}
{{- define "holdpoint.podTemplate" -}}
{{- $github := .github }}
{{- with .root }}
{{- $config := include (ternary "holdpoint.githubConfig" "holdpoint.config" $github) . | fromYaml -}}
metadata:
  labels:
    {{- include (ternary "holdpoint.githubLabels" "holdpoint.labels" $github) . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Rules and policies are read anew by a running server; what it listens on is not.
    holdpoint.dev/server-settings: {{ ternary (pick $config "server" "github_app") $config.server $github | toJson | sha256sum | trunc 16 | quote }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "holdpoint.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and .Values.priorityClassName (not $github) }}
  priorityClassName: {{ .Values.priorityClassName }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: holdpoint
      image: {{ include "holdpoint.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - serve
        - --config=/etc/holdpoint/holdpoint.yaml
        {{- with .Values.traces.collector }}
        - --traces={{ . }}
        {{- end }}
        {{- if $github }}
        - --github-app
        {{- else }}
        {{- with .Values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- end }}
      env:
        - {name: HOLDPOINT_LOG_LEVEL, value: {{ .Values.log.level | quote }}}
        - {name: HOLDPOINT_LOG_FORMAT, value: {{ .Values.log.format | quote }}}
        # Fetched policies and plugins, and compiled plugins.
        - {name: XDG_CACHE_HOME, value: /var/cache/holdpoint}
        {{- if .Values.token.existingSecret }}
        - name: {{ .Values.token.variable }}
          valueFrom:
            secretKeyRef: {name: {{ .Values.token.existingSecret }}, key: {{ .Values.token.key }}}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- if $github }}
        - {name: github, containerPort: 8444, protocol: TCP}
        {{- else }}
        - {name: admission, containerPort: {{ include "holdpoint.port" (list . "listen") }}, protocol: TCP}
        {{- end }}
        - {name: operations, containerPort: {{ include "holdpoint.port" (list . "operations") }}, protocol: TCP}
      # Policies are compiled and records are read before the first answer.
      startupProbe:
        httpGet: {path: /livez, port: operations}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /livez, port: operations}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: operations}
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 2
      lifecycle:
        preStop:
          sleep: {seconds: {{ .Values.preStopSeconds }}}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        privileged: false
        capabilities: {drop: [ALL]}
      {{- with ternary .Values.githubApp.resources .Values.resources $github }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        # Whole folders: a file mounted by subPath never changes.
        - {name: config, mountPath: /etc/holdpoint, readOnly: true}
        {{- if or (not $github) .Values.githubApp.tls.existingSecret }}
        - {name: tls, mountPath: /var/run/holdpoint/tls, readOnly: true}
        {{- end }}
        {{- if $github }}
        - {name: github, mountPath: /var/run/holdpoint/github, readOnly: true}
        {{- end }}
        - {name: {{ ternary "waiting" "readmissions" $github }}, mountPath: /var/lib/holdpoint}
        - {name: cache, mountPath: /var/cache/holdpoint}
        {{- if and .Values.clientCertificates.existingSecret (not $github) }}
        - {name: client-ca, mountPath: /var/run/holdpoint/client-ca, readOnly: true}
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    # One volume, so that a configuration and its policies change together.
    - name: config
      configMap:
        name: {{ include "holdpoint.fullname" . }}
        items:
          - {key: {{ ternary "holdpoint-github.yaml" "holdpoint.yaml" $github }}, path: holdpoint.yaml}
          {{- range $name, $_ := .Values.policies }}
          - {key: policies--{{ $name }}, path: policies/{{ $name }}}
          {{- end }}
          {{- range $name, $_ := .Values.overrides }}
          - {key: overrides--{{ $name }}, path: overrides/{{ $name }}}
          {{- end }}
    {{- if or (not $github) .Values.githubApp.tls.existingSecret }}
    - name: tls
      secret:
        secretName: {{ if $github }}{{ .Values.githubApp.tls.existingSecret }}{{ else }}{{ include "holdpoint.tlsSecretName" . }}{{ end }}
        # Readable for the group, which fsGroup makes ours.
        defaultMode: 0440
        items:
          - {key: tls.crt, path: tls.crt}
          - {key: tls.key, path: tls.key}
    {{- end }}
    {{- if $github }}
    - name: github
      secret:
        secretName: {{ .Values.githubApp.secret.existingSecret }}
        defaultMode: 0440
        items:
          {{- range prepend .Values.githubApp.secret.webhookSecrets .Values.githubApp.secret.privateKey }}
          - {key: {{ . }}, path: {{ . }}}
          {{- end }}
    {{- end }}
    {{- if and .Values.clientCertificates.existingSecret (not $github) }}
    - name: client-ca
      secret: {secretName: {{ .Values.clientCertificates.existingSecret }}, items: [{key: ca.crt, path: ca.crt}]}
    {{- end }}
    {{- with ternary .Values.githubApp.persistence .Values.readmissions.persistence $github }}
    {{- if not .enabled }}
    - name: {{ ternary "waiting" "readmissions" $github }}
      emptyDir: {sizeLimit: {{ .size }}}
    {{- end }}
    {{- end }}
    - name: cache
      emptyDir: {sizeLimit: 1Gi}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if not $github }}
  topologySpreadConstraints:
    {{- with .Values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ $key }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "holdpoint.selectorLabels" $.root | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The port of an address in `server`. */}}
{{- define "holdpoint.port" -}}
{{- $config := include "holdpoint.config" (first .) | fromYaml -}}
{{- get $config.server (last .) | splitList ":" | last -}}
{{- end }}
