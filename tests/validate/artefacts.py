"""Small artefacts that many tests write."""

SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: crm
spec:
  scaleTargetRef:
    name: crm
  maxReplicaCount: 6
  triggers:
    - type: cron
      metadata:
        timezone: Europe/Berlin
        start: 0 6 1 9 *
        end: 0 22 15 10 *
        desiredReplicas: "8"
"""
"""SC004 on line 15, related line 8."""
