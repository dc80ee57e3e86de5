{{- define "lexgate.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "lexgate.selector" -}}
app.kubernetes.io/name: lexgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lexgate.labels" -}}
{{ include "lexgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{/* lexgate.yaml: what the operator wrote, with what the pod needs. */}}
{{- define "lexgate.config" -}}
{{- $tls := dict "certificate" "/etc/lexgate/tls/tls.crt" "key" "/etc/lexgate/tls/tls.key" -}}
{{- if .Values.secrets.clientCa -}}{{- $_ := set $tls "client_ca" "/etc/lexgate/client-ca/ca.crt" -}}{{- end -}}
{{- $own := dict
  "production" true
  "listen" (dict "data" "0.0.0.0:8080" "control" "0.0.0.0:8081")
  "tls" $tls
  "store" "sqlite:////var/lib/lexgate/lexgate.db"
  "run_dir" "/var/lib/lexgate/run"
  "keys" (dict "file" "/var/lib/lexgate/keys" "passphrase" "file:/etc/lexgate/keys-passphrase/passphrase")
-}}
{{- $timeouts := merge (dict "drain" .Values.drainSeconds) (.Values.config.timeouts | default dict) -}}
{{- merge $own (dict "timeouts" $timeouts) (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{- define "lexgate.probe" -}}
{{- if .root.Values.secrets.clientCa -}}
tcpSocket: {port: control}
{{- else -}}
httpGet: {path: {{ .path }}, port: control, scheme: HTTPS}
{{- end }}
timeoutSeconds: 5
{{- end -}}
