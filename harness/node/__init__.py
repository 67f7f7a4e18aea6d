"""The node agent: registers a Kubernetes Node and runs its pods as local process groups on loopback pod IPs.

It stands alone: nothing here imports from the rest of the program. Embed it with NodeAgent, or run
``python -m harness.node``.
"""

from harness.node.agent import NodeAgent
from harness.node.errors import NodeError
from harness.node.settings import NodeSettings
from harness.node.views import PodListener, PodView

__all__ = ["NodeAgent", "NodeError", "NodeSettings", "PodListener", "PodView"]
