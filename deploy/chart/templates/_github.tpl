{{/* The pod that answers GitHub: what it is called, and what it reads. */}}
{{- define "holdpoint.githubName" -}}
{{- printf "%s-github" (include "holdpoint.fullname" .) }}
{{- end }}

{{- define "holdpoint.githubSelectorLabels" -}}
app.kubernetes.io/name: {{ include "holdpoint.name" . }}-github
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "holdpoint.githubLabels" -}}
{{- $labels := include "holdpoint.labels" . | fromYaml -}}
{{- toYaml (merge (include "holdpoint.githubSelectorLabels" . | fromYaml) $labels) }}
{{- end }}

{{/* holdpoint.yaml for GitHub: that of the webhook, with `github_app`. */}}
{{- define "holdpoint.githubConfig" -}}
{{- $secret := .Values.githubApp.secret -}}
{{- $folder := "/var/run/holdpoint/github" -}}
{{- $secrets := list -}}
{{- range $secret.webhookSecrets }}{{ $secrets = append $secrets (dict "file" (printf "%s/%s" $folder .)) }}{{ end -}}
{{- $app := dict "listen" "0.0.0.0:8444" "store" "/var/lib/holdpoint/github.db" "webhook_secrets" $secrets -}}
{{- $_ := set $app "private_key" (dict "file" (printf "%s/%s" $folder $secret.privateKey)) -}}
{{- if .Values.githubApp.tls.existingSecret -}}
{{- $_ := set $app "tls" (dict "certificate" "/var/run/holdpoint/tls/tls.crt" "key" "/var/run/holdpoint/tls/tls.key") -}}
{{- else -}}
{{- $_ := set $app "allow_insecure" true -}}
{{- end -}}
{{- $config := include "holdpoint.config" . | fromYaml -}}
{{- $_ := set $config "server" (omit $config.server "tls") -}}
{{- $_ := set $config "github_app" (merge $app .Values.githubApp.config) -}}
{{- toYaml $config }}
{{- end }}
