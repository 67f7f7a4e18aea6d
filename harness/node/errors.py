"""What can go wrong in the node agent, worded for the person who reads it.

The package stands alone, so these do not derive from the errors of the program around it.
"""


class NodeError(Exception):
    """The node agent cannot do what was asked; the message is one sentence."""


class KubeconfigError(NodeError):
    """The kubeconfig cannot be used."""


class ImageTableError(NodeError):
    """An image table cannot be read."""


class ImageUnknown(NodeError):
    """No image table names this image."""


class ContainerConfigError(NodeError):
    """A container's environment cannot be built yet, such as for a missing ConfigMap."""


class MountError(NodeError):
    """A pod's volumes cannot be made yet."""


class StartError(NodeError):
    """A container's process could not be started."""


class AddressesExhausted(NodeError):
    """Every pod IP of the node is taken."""


class ApiUnreachable(NodeError):
    """The API server could not be reached, or the connection broke."""


class ApiError(NodeError):
    """The API server answered with a failure.

    Attributes:
        status: the HTTP status, such as 404.
        reason: the machine-readable reason of the Kubernetes Status object, such as ``NotFound``.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
