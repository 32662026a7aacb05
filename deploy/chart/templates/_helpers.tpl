{{- define "holdpoint.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "holdpoint.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "holdpoint.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "holdpoint.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "holdpoint.selectorLabels" -}}
app.kubernetes.io/name: {{ include "holdpoint.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "holdpoint.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "holdpoint.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: holdpoint
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "holdpoint.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "holdpoint.fullname" .) }}
{{- end }}

{{- define "holdpoint.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "holdpoint.tlsSecretName" -}}
{{- if eq .Values.certificate.mode "existing" -}}
{{- required "certificate.existingSecret: name the Secret that has the certificate, or choose another certificate.mode" .Values.certificate.existingSecret }}
{{- else -}}
{{- include "holdpoint.fullname" . }}-tls
{{- end }}
{{- end }}

{{/* The names of the Service that the API server uses. */}}
{{- define "holdpoint.hostNames" -}}
{{- $service := include "holdpoint.fullname" . -}}
- {{ $service }}.{{ .Release.Namespace }}.svc
- {{ $service }}.{{ .Release.Namespace }}
- {{ $service }}.{{ .Release.Namespace }}.svc.cluster.local
{{- end }}

{{/* The namespaces in which nothing is judged, as a JSON list. */}}
{{- define "holdpoint.exemptNamespaces" -}}
{{- append .Values.exemptNamespaces .Release.Namespace | uniq | sortAlpha | toJson }}
{{- end }}

{{/* holdpoint.yaml: what the chart knows, and the values on top of it. */}}
{{- define "holdpoint.config" -}}
{{- $tls := dict "certificate" "/var/run/holdpoint/tls/tls.crt" "key" "/var/run/holdpoint/tls/tls.key" -}}
{{- if .Values.clientCertificates.existingSecret -}}
{{- $_ := set $tls "client_ca" "/var/run/holdpoint/client-ca/ca.crt" -}}
{{- with .Values.clientCertificates.names }}{{ $_ := set $tls "client_names" . }}{{ end -}}
{{- end -}}
{{- $server := dict "listen" "0.0.0.0:8443" "operations" "0.0.0.0:8080" "tls" $tls "readmissions" "/var/lib/holdpoint/readmissions.json" -}}
{{- $known := dict "version" 1 "server" $server -}}
{{- $policies := list "/usr/share/holdpoint/policies" -}}
{{- if .Values.policies }}{{ $policies = append $policies "policies/" }}{{ end -}}
{{- $known = set $known "policies" $policies -}}
{{- if .Values.overrides }}{{ $known = set $known "overrides" (list "overrides/") }}{{ end -}}
{{- $config := mergeOverwrite $known (deepCopy .Values.config) -}}
{{- if hasKey $config "github_app" }}{{ fail "config.github_app: its place is githubApp.config, for a pod of its own" }}{{ end -}}
{{- $exempt := concat (dig "admission" "exempt_namespaces" list $config) (include "holdpoint.exemptNamespaces" . | fromJsonArray) | uniq -}}
{{- $_ := set $config.admission "exempt_namespaces" $exempt -}}
{{- toYaml $config }}
{{- end }}
