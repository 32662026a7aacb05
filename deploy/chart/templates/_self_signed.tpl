{{/*
The certificate that Helm made, as a JSON object: ca, caKey, certificate, key, expires. It is made once a rendering and
kept in .Values for the other templates; over upgrades it is kept in its Secrets. The authority stays for ten years, so
that a new certificate needs no new caBundle.
*/}}
{{- define "holdpoint.selfSigned" -}}
{{- if not (hasKey .Values "madeCertificate") -}}
{{- $name := include "holdpoint.fullname" . -}}
{{- $authority := lookup "v1" "Secret" .Release.Namespace (printf "%s-authority" $name) -}}
{{- $kept := lookup "v1" "Secret" .Release.Namespace (include "holdpoint.tlsSecretName" .) -}}
{{- $days := int .Values.certificate.validDays -}}
{{- $ca := dict -}}
{{- if $authority -}}
{{- $ca = buildCustomCert (get $authority.data "ca.crt") (get $authority.data "ca.key") -}}
{{- else -}}
{{- $ca = genCA (printf "%s authority" $name) 3650 -}}
{{- end -}}
{{- $expires := dig "metadata" "annotations" "holdpoint.dev/expires" "0" $kept | int64 -}}
{{- $renewAt := sub $expires (mul 86400 (int .Values.certificate.renewBeforeDays)) -}}
{{- $made := dict "ca" $ca.Cert "caKey" $ca.Key -}}
{{- if and $authority $kept (lt (now | unixEpoch | int64) $renewAt) -}}
{{- $made = merge $made (dict "certificate" (get $kept.data "tls.crt" | b64dec) "key" (get $kept.data "tls.key" | b64dec) "expires" $expires) -}}
{{- else -}}
{{- $names := include "holdpoint.hostNames" . | fromYamlArray -}}
{{- $leaf := genSignedCert (first $names) nil $names $days $ca -}}
{{- $made = merge $made (dict "certificate" $leaf.Cert "key" $leaf.Key "expires" (add (now | unixEpoch | int64) (mul 86400 $days))) -}}
{{- end -}}
{{- $_ := set .Values "madeCertificate" $made -}}
{{- end -}}
{{- toJson .Values.madeCertificate -}}
{{- end }}
