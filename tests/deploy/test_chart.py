"""The Helm chart, rendered and linted by Helm itself, checked against Kubernetes' schemas, and its configuration read.

Needs Helm's own library and the schemas (requirements/chart.txt, in `make install-dev`); without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.keys import Keyring
from audit.sequencer import Log
from gateway.configuration.reading import load

pytest.importorskip("helm_python", reason="Helm is missing: make install-dev")
kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="the schemas are missing: make install-dev")

CHART = Path(__file__).resolve().parents[2] / "deploy/helm/lexgate"
VERSIONS = ("1.30", "1.37")
OURS = {
    "providers": [
        {
            "name": "far",
            "base_url": "https://far.example",
            "jurisdiction": "US",
            "secret": "file:/etc/lexgate/providers/far",
        }
    ],
    "applications": [{"name": "crm", "tenant": "acme"}],
    "principals": [{"key_sha256": "0" * 64, "application": "crm", "user": "li", "country": "DE"}],
    "operators": [{"key_sha256": "1" * 64, "name": "officer", "roles": ["auditor"]}],
    "timeouts": {"connect": 3},
}
VALUES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": {
        "config": OURS, "secrets": {"clientCa": "ca"}, "imagePullSecrets": [{"name": "pull"}],
        "store": {"storageClassName": "fast", "accessMode": "ReadWriteOnce", "migrate": True},
        "extraVolumes": [{"name": "own", "configMap": {"name": "own"}}],
        "extraVolumeMounts": [{"name": "own", "mountPath": "/etc/lexgate/own"}], "drainSeconds": 45, "podAnnotations": {"a": "b"},
        "networkPolicy": {"callers": [{"podSelector": {"matchLabels": {"app": "crm"}}}],
                          "operators": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 8443}]}]},
        "prometheus": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}},
        "nodeSelector": {"disk": "local"}, "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
    },
    "bare": {"networkPolicy": {"enabled": False}, "secrets": {"providers": ""}},
}  # fmt: skip


def helm(call: str, values: dict[str, Any]) -> Any:
    """Helm's Go library in a process of its own."""
    program = (
        "import json, sys, helm_python as helm\n"
        "chart, call, values = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])\n"
        "if call == 'lint': answer = helm.lint(chart, values, strict=True)\n"
        "else:\n"
        "    with helm.Chart.load(chart) as loaded: answer = loaded.render(values, name='gate', namespace='prod')\n"
        "print(json.dumps(answer))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(CHART), call, json.dumps(values)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=VALUES)
def documents(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    rendered = helm("render", VALUES[request.param])
    texts = [text for name, text in rendered.items() if name.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


@pytest.mark.parametrize("values", VALUES)
def test_helm_finds_nothing_to_complain_of(values: str) -> None:
    assert helm("lint", VALUES[values])["errors"] == []


def test_every_document_is_what_kubernetes_takes(documents: list[dict[str, Any]]) -> None:
    own = [document for document in documents if "monitoring.coreos.com" not in document["apiVersion"]]
    assert {"StatefulSet", "Service", "ConfigMap", "ServiceAccount"} <= {document["kind"] for document in own}
    for version in VERSIONS:
        for document in own:
            kubernetes_validate.validate(document, version, strict=True)


def test_lexgate_understands_the_configuration(documents: list[dict[str, Any]], tmp_path: Path) -> None:
    text = next(document for document in documents if document["kind"] == "ConfigMap")["data"]["lexgate.yaml"]
    (tmp_path / "lexgate.yaml").write_text(text)
    settings = load(tmp_path / "lexgate.yaml", environment={})
    assert settings.production
    assert settings.store_path == Path("/var/lib/lexgate/lexgate.db")
    pod = pod_of(documents)
    assert pod["terminationGracePeriodSeconds"] > settings.timeouts.drain
    mounted = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    for path in (settings.tls.certificate, settings.tls.client_ca, settings.keys.passphrase.removeprefix("file:")):
        assert not path or str(Path(path).parent) in mounted
    assert {settings.store_path.parent, settings.run_path.parent} == {Path("/var/lib/lexgate")}
    assert "/var/lib/lexgate" in mounted


def pod_of(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return next(document for document in documents if document["kind"] == "StatefulSet")["spec"]["template"]["spec"]


def test_the_pod_is_confined(documents: list[dict[str, Any]]) -> None:
    pod = pod_of(documents)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
    named = {volume["name"] for volume in pod["volumes"]} | {"state"}
    used = {
        mount["name"]
        for container in (*pod["initContainers"], *pod["containers"])
        for mount in container["volumeMounts"]
    }
    assert used == named


def test_the_init_container_makes_keys_once_and_migrates_when_told(tmp_path: Path) -> None:
    """Its script as it is, with the pod's folders in a temporary one."""
    state, secrets, program = (tmp_path / name for name in ("state", "secrets", "bin"))
    for folder in (state, secrets, program):
        folder.mkdir()
    (secrets / "passphrase").write_text("long enough for production\n")
    (program / "lexgate").write_text(f'#!/bin/sh\nexec {sys.executable} -m gateway "$@"\n')
    (program / "lexgate").chmod(0o700)
    places = {
        "/etc/lexgate/keys-passphrase": secrets,
        "/etc/lexgate/lexgate.yaml": state / "pod.yaml",
        "/var/lib/lexgate": state,
    }

    def here(text: str) -> str:
        for there, place in places.items():
            text = text.replace(there, str(place))
        return text

    def run(values: dict[str, Any]) -> None:
        documents = [text for name, text in helm("render", values).items() if name.endswith(".yaml")]
        found = [one for text in documents for one in yaml.safe_load_all(text) if one]
        config = next(one for one in found if one["kind"] == "ConfigMap")["data"]["lexgate.yaml"]
        (state / "pod.yaml").write_text(here(config))
        script = pod_of(found)["initContainers"][0]
        environment = os.environ | {"PATH": f"{program}:{os.environ['PATH']}", "PYTHONPATH": str(CHART.parents[2])}
        subprocess.run([*script["command"], *(here(text) for text in script["args"])], check=True, env=environment)

    run({})
    made = {file.name: file.read_bytes() for file in (state / "keys").glob("*.key")}
    assert len(made) == 3
    settings = load(state / "pod.yaml", environment={})
    Log.open(settings.store_path, Keyring.open(settings.keys_dir, settings.key_passphrase), settings.log_origin).close()
    run({"store": {"migrate": True}})
    assert {file.name: file.read_bytes() for file in (state / "keys").glob("*.key")} == made


@pytest.mark.parametrize(
    "wrong",
    [
        {"config": {"listen": {"data": "0.0.0.0:1"}}},
        {"secrets": {"tls": ""}},
        {"store": {"size": "much"}},
        {"unknown": 1},
    ],
)
def test_values_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"schema|additional|not"):
        helm("render", wrong)


def test_the_rules_in_the_chart_are_the_rules() -> None:
    assert (CHART / "rules.yaml").read_text() == (CHART.parents[1] / "prometheus/rules.yaml").read_text()
