{{/*
A workload of the CRM: its Deployment and its Service. Takes a dict: root, name, component, and territory where it has one.
*/}}
{{- define "crm.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: crm
{{- end }}

{{- define "crm.labels" -}}
{{ include "crm.selector" . }}
app.kubernetes.io/component: {{ .component }}
{{- with .territory }}
territory: {{ . }}
{{- end }}
{{- end }}

{{- define "crm.workload" -}}
{{- $values := .root.Values }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "crm.labels" . | nindent 4 }}
spec:
  {{- /* No replicas: the autoscaler owns that number, and an upgrade in season must not reset it. */}}
  selector:
    matchLabels: {{- include "crm.selector" . | nindent 6 }}
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  template:
    metadata:
      labels: {{- include "crm.labels" . | nindent 8 }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "8080"
        prometheus.io/path: /q/metrics
    spec:
      {{- /* Service links would put CRM_OUTBOX_... and the like into the environment, where the CRM has its settings. */}}
      enableServiceLinks: false
      automountServiceAccountToken: false
      {{- /* 2 s preStop + 1 s not ready but answering + up to 5 s for what is under way. */}}
      terminationGracePeriodSeconds: 20
      containers:
        - name: crm
          image: {{ $values.image }}
          imagePullPolicy: {{ $values.imagePullPolicy }}
          ports:
            - {name: http, containerPort: 8080}
          env:
            - {name: CRM_ROLE, value: {{ .component }}}
            {{- with .territory }}
            - {name: CRM_TERRITORY, value: {{ . }}}
            {{- end }}
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: QUARKUS_HTTP_HOST, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            {{- range $env, $key := dict "CRM_DB_URL" "url" "CRM_DB_USER" "user" "CRM_DB_PASSWORD" "password" }}
            - {name: {{ $env }}, valueFrom: {secretKeyRef: {name: {{ $values.database.secretName }}, key: {{ $key }}}}}
            {{- end }}
            - {name: CRM_PREWARM_ENABLED, value: {{ $values.prewarm.enabled | quote }}}
            - {name: CRM_JOURNAL_FALLBACK, value: {{ $values.journalFallback | quote }}}
            - {name: CRM_QUERIES_EXTRA_LATENCY, value: {{ $values.queries.extraLatency | quote }}}
            {{- with $values.outbox.sinkUrl }}
            - {name: CRM_OUTBOX_SINK_URL, value: {{ . | quote }}}
            {{- end }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          startupProbe:
            httpGet: {path: /q/health/live, port: http}
            periodSeconds: 1
            timeoutSeconds: 2
            failureThreshold: 90
          readinessProbe:
            httpGet: {path: /q/health/ready, port: http}
            periodSeconds: 1
            timeoutSeconds: 2
            failureThreshold: 3
          livenessProbe:
            httpGet: {path: /q/health/live, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          lifecycle:
            {{- /* The balancer forgets the pod while it still answers. */}}
            preStop: {sleep: {seconds: 2}}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "crm.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- include "crm.selector" . | nindent 4 }}
  ports:
    - {name: http, port: 8080, targetPort: http}
{{- end }}
