"""Makes manifests.json and scalers.json again from the pinned modules: `make schemas`.

Descriptions and defaults go; where a schema names its fields, no others are allowed, as strict validation has it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.stack.parts import MODULES, Part, part
from harness.stack.toolchain import candidates, choose

HERE = Path(__file__).parent
KEDA, KUBERNETES = part("keda-operator"), part("kube-apiserver")
KINDS = {
    "apis__apps__v1": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "apis__autoscaling__v1": ("HorizontalPodAutoscaler",),
    "apis__autoscaling__v2": ("HorizontalPodAutoscaler",),
    "apis__batch__v1": ("CronJob", "Job"),
    "apis__policy__v1": ("PodDisruptionBudget",),
    "api__v1": ("LimitRange", "ResourceQuota"),
}
RESOURCES = ("scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications")
META, JOB = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "io.k8s.api.batch.v1.JobSpec"
KEPT = ("name", "optional", "default", "allowedValue", "deprecated")
READABLE = {
    "metadataVariableReadable": "metadata",
    "envVariableReadable": "env",
    "triggerAuthenticationVariableReadable": "auth",
}


def main() -> None:
    """Write both files."""
    keda, kubernetes = _module(KEDA), _module(KUBERNETES)
    roots, definitions = _kubernetes(kubernetes / "api" / "openapi-spec" / "v3")
    for resource in RESOURCES:
        root, schema = _custom(keda / "config" / "crd" / "bases" / f"keda.sh_{resource}.yaml")
        roots[root] = root
        definitions[root] = schema
    _write("manifests.json", {"versions": versions(), "roots": roots, "definitions": definitions})
    scalers = json.loads((keda / "schema" / "generated" / "scalers-schema.json").read_text())["scalers"]
    either = list(_either(keda / "pkg" / "scalers"))
    settings = {one["type"]: _settings(one) for one in scalers}
    _write("scalers.json", {"versions": versions(), "scalers": settings, "either": either})


def versions() -> dict[str, str]:
    """The pinned versions, without their v."""
    return {"keda": KEDA.pinned_version.removeprefix("v"), "kubernetes": KUBERNETES.pinned_version.removeprefix("v")}


def _module(source: Part) -> Path:
    go = choose([source], candidates())
    done = subprocess.run(
        [go.program, "mod", "download", "-json", f"{source.module}@{source.pinned_version}"],
        check=True,
        capture_output=True,
        text=True,
        cwd=MODULES / source.folder,
        env=go.environ(os.environ, HERE),
    )
    return Path(json.loads(done.stdout)["Dir"])


def _kubernetes(folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    roots: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    for file, kinds in KINDS.items():
        schemas = json.loads((folder / f"{file}_openapi.json").read_text())["components"]["schemas"]
        for name, schema in schemas.items():
            for group in schema.get("x-kubernetes-group-version-kind", ()):
                if group["kind"] in kinds and name.endswith(f".{group['kind']}"):
                    api = f"{group['group']}/{group['version']}" if group["group"] else group["version"]
                    roots[f"{api} {group['kind']}"] = name
                    _gather(name, schemas, definitions)
    return roots, definitions


def _gather(name: str, schemas: dict[str, Any], definitions: dict[str, Any]) -> None:
    wanted = [name]
    while wanted:
        one = wanted.pop()
        if one not in definitions:
            definitions[one] = _lean(schemas[one])
            wanted += _references(definitions[one])


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _custom(file: Path) -> tuple[str, dict[str, Any]]:
    spec = yaml.safe_load(file.read_text())["spec"]
    version = spec["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"]["metadata"] = {"$ref": f"/{META}"}
    if "jobTargetRef" in schema["properties"]["spec"]["properties"]:
        schema["properties"]["spec"]["properties"]["jobTargetRef"] = {"$ref": f"/{JOB}"}
    return f"{spec['group']}/{version['name']} {spec['names']['kind']}", _lean(schema)


def _lean(schema: Any, properties: bool = False) -> Any:
    if isinstance(schema, list):
        return [_lean(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if properties:
        return {name: _lean(value) for name, value in schema.items()}
    if "$ref" in schema:
        return {"$ref": schema["$ref"].rpartition("/")[2]}
    if len(schema.get("allOf", ())) == 1 and "$ref" in schema["allOf"][0]:
        return _lean(schema["allOf"][0])
    lean = {
        key: _lean(value, key == "properties")
        for key, value in schema.items()
        if key not in ("description", "default") and not key.startswith("x-kubernetes")
    }
    if (
        "properties" in lean
        and "additionalProperties" not in lean
        and not schema.get("x-kubernetes-preserve-unknown-fields")
    ):
        lean["additionalProperties"] = False
    return lean


def _settings(scaler: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {key: one[key] for key in KEPT if key in one} | {"in": [place for flag, place in READABLE.items() if one.get(flag)]}
        for one in scaler["parameters"]
    ]


def _either(folder: Path) -> Iterator[list[str]]:
    """Names of one setting, which KEDA's own list gives as settings of their own."""
    for file in sorted(folder.rglob("*.go")):
        for names in re.findall(r'keda:"name=([^,"]*;[^,"]*)', file.read_text(encoding="utf-8")):
            yield [name.strip() for name in names.split(";")]


def _write(name: str, content: dict[str, Any]) -> None:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    (HERE / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
