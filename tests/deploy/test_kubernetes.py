"""The manifests: right by Kubernetes' own schema, and in agreement with each other, the image and the site.

No cluster has seen them.
"""

from __future__ import annotations

from typing import Any

import pytest

from demos.deploy.site import app
from tests.deploy.programs import FILES
from tests.deploy.test_container import instructions
from tornadolike.web.life.life import DRAIN_SECONDS

yaml = pytest.importorskip("yaml")
validation = pytest.importorskip("kubernetes_validate")

pytestmark = [pytest.mark.once, pytest.mark.production]

FOLDER = FILES / "kubernetes"
NAMES = sorted(path.name for path in FOLDER.iterdir())


def manifest(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return loaded


@pytest.fixture
def pod() -> dict[str, Any]:
    spec: dict[str, Any] = manifest("deployment.yaml")["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("version", ["1.29", "1.37"])
@pytest.mark.parametrize("name", NAMES)
def test_the_schema(name: str, version: str) -> None:
    """Of an old version and of a new one."""
    validation.validate(manifest(name), version, strict=True)


def test_the_schema_is_strict() -> None:
    wrong = manifest("service.yaml")
    wrong["spec"]["selektor"] = {}
    with pytest.raises(validation.ValidationError):
        validation.validate(wrong, "1.37", strict=True)


def test_they_speak_of_the_same_pods(pod: dict[str, Any]) -> None:
    deployment = manifest("deployment.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert manifest("service.yaml")["spec"]["selector"] == labels
    assert manifest("disruption-budget.yaml")["spec"]["selector"]["matchLabels"] == labels
    assert pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"] == labels
    target = manifest("autoscaler.yaml")["spec"]["scaleTargetRef"]
    assert target == {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "name": deployment["metadata"]["name"],
    }


def test_ports_and_paths_are_the_sites(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert instructions("EXPOSE") == [f"{ports['http']} {ports['admin']}"]
    assert f'"0.0.0.0:{ports["admin"]}"' in instructions("ENTRYPOINT")[0]
    assert manifest("service.yaml")["spec"]["ports"][0]["targetPort"] == "http"
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")]
    assert [(probe["port"], probe["path"]) for probe in probes] == [
        ("admin", "/ready"),
        ("http", "/ready"),
        ("admin", "/live"),
    ]
    paths = [getattr(rule.matcher, "path", None) for rule in app.wildcard_router.rules]
    assert "/ready" in map(str, paths)


def test_requests_have_the_time_that_they_may_take(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    command, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command == "sleep"
    assert pod["terminationGracePeriodSeconds"] > int(seconds) + DRAIN_SECONDS
    # As long as the last probe that it passed counts, others may send it requests.
    readiness = container["readinessProbe"]
    assert readiness["timeoutSeconds"] > 5  # of a health check


def test_the_pod_is_who_the_image_says(pod: dict[str, Any]) -> None:
    security = pod["securityContext"]
    assert instructions("USER") == [f"{security['runAsUser']}:{security['runAsGroup']}"]
