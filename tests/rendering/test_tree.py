"""The folder of drafts: a file a workload, a kustomization a namespace and one at the root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from golden import check_golden
from rendering.cases import every_form, shop
from rendering.hostile import hostile_strings
from rendering.readers import kustomize_builds, python_reads

from recommender.model.errors import ModelError
from recommender.model.text import file_stem
from recommender.rendering.files import write_tree
from recommender.rendering.network_policy import to_manifest
from recommender.rendering.tree import kustomization, policy_files, policy_paths

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("case", [shop, every_form], ids=lambda case: case.__name__)
def test_the_folder_is_as_kept(case: object, *, update_golden: bool) -> None:
    assert callable(case)
    files = policy_files(case())
    check_golden(GOLDEN / getattr(case, "__name__", ""), files, update=update_golden)


def test_the_folder_does_not_depend_on_the_order_of_policies() -> None:
    policies = (*shop(), *every_form())
    assert policy_files(policies) == policy_files(policies[::-1])


def test_no_policy_no_file() -> None:
    assert policy_files([]) == {}


def test_default_deny_is_a_file_of_its_own_and_comes_last() -> None:
    files = policy_files(shop())
    resources = python_reads(files["policies/shop/kustomization.yaml"])["resources"]
    assert resources == ["cart.yaml", "web.yaml", "default-deny.yaml"]
    assert python_reads(files["kustomization.yaml"])["resources"] == ["policies/shop"]


def test_a_workload_called_default_deny_does_not_take_its_file() -> None:
    paths = policy_paths(every_form())
    assert paths["other", "z-deny"] == "policies/other/default-deny.yaml"
    assert paths["other", "default-deny"] == f"policies/other/{file_stem('default-deny')}.yaml"


def test_two_policies_of_one_name_are_refused() -> None:
    cart = shop()[0]
    with pytest.raises(ModelError, match="share one name"):
        policy_files([cart, replace(cart, origin="shop/StatefulSet/cart")])


def test_kustomize_builds_the_root_and_each_namespace(tmp_path: Path) -> None:
    dotted = [replace(shop()[0], name=name) for name in ("github.com", "a.git", "http.x", "con")]
    policies = [*shop(), *every_form(), *dotted]
    write_tree(tmp_path, policy_files(policies))

    def built(folder: Path) -> dict[tuple[str, str], object]:
        found = kustomize_builds(folder)
        return {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in found}

    meant = {(policy.namespace, policy.name): to_manifest(policy) for policy in policies}
    assert built(tmp_path) == meant
    for namespace in ("shop", "5e7", "other"):
        here = {key: item for key, item in meant.items() if key[0] == namespace}
        assert built(tmp_path / "policies" / namespace) == here


def test_ten_thousand_hostile_names_make_as_many_files_inside_the_folder(tmp_path: Path) -> None:
    names = hostile_strings(10_000)
    stems = {name: file_stem(name) for name in names}
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    root = tmp_path / "out"
    # Every name is a file, and every hundredth a folder too.
    folders = list(stems.values())[::100]
    paths = {
        name: f"policies/{folders[number % len(folders)]}/{stem}.yaml"
        for number, (name, stem) in enumerate(stems.items())
    }
    files = {paths[name]: name.encode() for name in names}
    written = write_tree(root, files)
    found = {path for path in tmp_path.rglob("*") if not path.is_dir()}
    assert found == {root / path for path in (*files, ".recommender.json")}
    assert len(written.written) == len(names)
    for path in found:
        assert path.resolve().is_relative_to(root)
        assert not path.is_symlink()
    for name in names:
        assert (root / paths[name]).read_bytes() == name.encode()


def test_a_name_made_to_look_like_the_file_of_another_does_not_get_it() -> None:
    victims = ["Web", "../x", "con", "", "a" * 200]
    forged = [file_stem(victim) for victim in victims]
    again = [file_stem(name) for name in forged]
    assert len({*forged, *again}) == 2 * len(victims)


@pytest.mark.parametrize("name", ["con", "con.x", "CON.x", "nul", "COM1.a.b", "aux.tar"])
def test_no_file_has_the_name_of_a_device(name: str) -> None:
    assert file_stem(name).split(".")[0] not in {"con", "nul", "com1", "aux"}


def test_a_kustomization_quotes_its_files() -> None:
    assert '- "on.yaml"' in kustomization(["on.yaml"])
