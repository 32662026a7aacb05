{{/* Who may read metrics and probes. */}}
{{- define "holdpoint.operationsIngress" -}}
- ports: [{port: operations, protocol: TCP}]
  from:
    {{- if .Values.networkPolicy.metricsFrom }}
    {{- toYaml .Values.networkPolicy.metricsFrom | nindent 4 }}
    {{- else }}
    - namespaceSelector: {}
    {{- end }}
{{- end }}

{{/* Where pods may connect to. */}}
{{- define "holdpoint.egress" -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- with .Values.networkPolicy.egress }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}
