"""What Kubernetes and KEDA accept, taken from the sources of the pinned versions by `make schemas`."""
