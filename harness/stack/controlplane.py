"""The control plane's command lines: etcd, Kubernetes and KEDA. Pure."""

from __future__ import annotations

from harness.stack.address import Networks
from harness.stack.configuration import go_duration
from harness.stack.launch import Launch, Layout


def control_plane(layout: Layout) -> list[Launch]:
    """What makes a cluster out of processes."""
    return [
        _etcd(layout),
        _apiserver(layout),
        _controller_manager(layout),
        _scheduler(layout),
        _keda_operator(layout),
        _keda_adapter(layout),
    ]


def _etcd(layout: Layout) -> Launch:
    pki, ports = layout.pki, layout.ports
    client = f"https://127.0.0.1:{ports['etcd']}"
    peer = f"https://127.0.0.1:{ports['etcd-peer']}"
    metrics = f"http://127.0.0.1:{ports['etcd-metrics']}"
    tls = (f"--cert-file={pki}/etcd.crt", f"--key-file={pki}/etcd.key", f"--trusted-ca-file={pki}/ca.crt")
    peer_tls = tuple(flag.replace("--", "--peer-", 1) for flag in tls)
    return Launch(
        "etcd",
        (
            layout.binary("etcd"),
            f"--data-dir={layout.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            f"--listen-metrics-urls={metrics}",
            "--client-cert-auth",
            "--peer-client-cert-auth",
            *tls,
            *peer_tls,
            # Thrown away with the cluster.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
        needs=(),
        ports=layout.some("etcd", "etcd-peer", "etcd-metrics"),
        health_url=f"{metrics}/health",
    )


def _apiserver(layout: Layout) -> Launch:
    pki, port = layout.pki, layout.ports["kube-apiserver"]
    return Launch(
        "kube-apiserver",
        (
            layout.binary("kube-apiserver"),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            # The API refuses loopback here; nothing is ever sent to this address (RFC 5737).
            "--advertise-address=192.0.2.1",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={Networks(layout.state.index).services}",
            "--authorization-mode=RBAC",
            # No pod of ours talks to the API, so none waits for a token.
            "--disable-admission-plugins=ServiceAccount",
            f"--etcd-servers=https://127.0.0.1:{layout.ports['etcd']}",
            f"--etcd-cafile={pki}/ca.crt",
            f"--etcd-certfile={pki}/etcd.crt",
            f"--etcd-keyfile={pki}/etcd.key",
            f"--tls-cert-file={pki}/serving.crt",
            f"--tls-private-key-file={pki}/serving.key",
            f"--client-ca-file={pki}/ca.crt",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/service-account.pub",
            f"--service-account-signing-key-file={pki}/service-account.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            # For `kubectl logs`: the node agent answers only those the cluster's authority knows.
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
        ),
        needs=("etcd",),
        ports=layout.some("kube-apiserver"),
        # Half the garbage of its start: 110 MB less for a start that is no slower.
        environ={"GOGC": "50"},
        health_url=f"https://127.0.0.1:{port}/readyz",
    )


def _controller_manager(layout: Layout) -> Launch:
    pki, port, controls = layout.pki, layout.ports["kube-controller-manager"], layout.state.controls
    off = (
        "endpointslice-controller",
        "endpoints-controller",
        "endpointslice-mirroring-controller",
        "node-ipam-controller",
        "node-route-controller",
        "service-lb-controller",
        "cloud-node-lifecycle-controller",
    )
    return Launch(
        "kube-controller-manager",
        (
            layout.binary("kube-controller-manager"),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--kubeconfig={pki}/controller-manager.kubeconfig",
            f"--authentication-kubeconfig={pki}/controller-manager.kubeconfig",
            f"--authorization-kubeconfig={pki}/controller-manager.kubeconfig",
            "--leader-elect=false",
            "--controllers=" + ",".join(["*", *(f"-{name}" for name in off)]),
            f"--service-account-private-key-file={pki}/service-account.key",
            f"--root-ca-file={pki}/ca.crt",
            f"--horizontal-pod-autoscaler-sync-period={go_duration(controls.hpa_sync_period)}",
            "--horizontal-pod-autoscaler-downscale-stabilization=" + go_duration(controls.hpa_downscale_stabilization),
            "--horizontal-pod-autoscaler-cpu-initialization-period=" + go_duration(controls.hpa_cpu_initialization_period),
            "--horizontal-pod-autoscaler-initial-readiness-delay=" + go_duration(controls.hpa_initial_readiness_delay),
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ),
        needs=("kube-apiserver",),
        ports=layout.some("kube-controller-manager"),
        health_url=f"https://127.0.0.1:{port}/healthz",
    )


def _scheduler(layout: Layout) -> Launch:
    pki, port = layout.pki, layout.ports["kube-scheduler"]
    return Launch(
        "kube-scheduler",
        (
            layout.binary("kube-scheduler"),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--kubeconfig={pki}/scheduler.kubeconfig",
            f"--authentication-kubeconfig={pki}/controller-manager.kubeconfig",
            f"--authorization-kubeconfig={pki}/controller-manager.kubeconfig",
            "--leader-elect=false",
            "--profiling=false",
        ),
        needs=("kube-apiserver",),
        ports=layout.some("kube-scheduler"),
        health_url=f"https://127.0.0.1:{port}/readyz",
    )


def _keda_environ(layout: Layout) -> dict[str, str]:
    return {
        "KUBECONFIG": f"{layout.pki}/keda.kubeconfig",
        "POD_NAMESPACE": "keda",
        "WATCH_NAMESPACE": "",
        "KEDA_CLUSTER_OBJECT_NAMESPACE": "keda",
    }


def _keda_operator(layout: Layout) -> Launch:
    ports = layout.ports
    return Launch(
        "keda-operator",
        (
            layout.binary("keda-operator"),
            f"--metrics-bind-address=127.0.0.1:{ports['keda-operator-metrics']}",
            f"--health-probe-bind-address=127.0.0.1:{ports['keda-operator-probe']}",
            f"--metrics-service-bind-address=127.0.0.1:{ports['keda-operator-grpc']}",
            f"--cert-dir={layout.pki}/keda",
            "--enable-webhook-patching=false",
            "--enable-apiservice-patching=false",
            "--leader-elect=false",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
            "--zap-log-level=info",
        ),
        needs=("api-objects",),
        ports=layout.some("keda-operator-metrics", "keda-operator-probe", "keda-operator-grpc"),
        health_url=f"http://127.0.0.1:{ports['keda-operator-probe']}/readyz",
        environ=_keda_environ(layout),
    )


def _keda_adapter(layout: Layout) -> Launch:
    ports, pki = layout.ports, layout.pki
    kubeconfigs = (f"--{use}-kubeconfig={pki}/keda.kubeconfig" for use in ("lister", "authentication", "authorization"))
    return Launch(
        "keda-adapter",
        (
            layout.binary("keda-adapter"),
            "--bind-address=127.0.0.1",
            f"--secure-port={ports['keda-adapter']}",
            f"--port={ports['keda-adapter-metrics']}",
            f"--metrics-service-address=localhost:{ports['keda-operator-grpc']}",
            "--metrics-service-grpc-authority=keda-operator.keda.svc",
            f"--cert-dir={pki}/keda",
            f"--tls-cert-file={pki}/keda/tls.crt",
            f"--tls-private-key-file={pki}/keda/tls.key",
            *kubeconfigs,
        ),
        needs=("api-objects",),
        ports=layout.some("keda-adapter", "keda-adapter-metrics"),
        health_url=f"https://127.0.0.1:{ports['keda-adapter']}/readyz",
        environ=_keda_environ(layout),
    )
