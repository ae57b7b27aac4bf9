"""Other people's YAML readers, to hold what they read against what was meant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path


def python_reads(text: str) -> Any:  # noqa: ANN401 - whatever the text says
    return yaml.safe_load(text)


def _kubectl(*arguments: str) -> str:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        assert os.environ.get("CI") != "true", "CI has to have kubectl"
        pytest.skip("needs kubectl")
    done = subprocess.run(
        [kubectl, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def kubectl_reads(folder: Path, documents: list[str]) -> list[Any]:
    """The objects that kubectl's own reader finds in YAML documents, without a cluster."""
    source = folder / "documents.yaml"
    source.write_text("---\n".join(documents), encoding="utf-8")
    text = _kubectl("label", "--local", "-f", str(source), "x-test=1", "-o", "json")
    objects = []
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        item, end = decoder.raw_decode(text)
        objects.append(item)
        text = text[end:]
    for item in objects:
        labels = item["metadata"]["labels"]
        del labels["x-test"]
        if not labels:
            del item["metadata"]["labels"]
    return objects


def kustomize_builds(folder: Path) -> list[Any]:
    return list(yaml.safe_load_all(_kubectl("kustomize", str(folder))))
