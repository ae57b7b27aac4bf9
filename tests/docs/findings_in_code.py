"""The codes of findings, collected from the source: every place that makes one is looked at."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

__all__ = ["codes_in", "codes_of_package"]

#: What makes a finding, and the position of its code: functions, and methods of the checker.
FUNCTIONS: Final = {"Finding": 0, "finding": 0, "about": 1}
METHODS: Final = {"refuse": 0, "warn": 0}
MAKERS: Final = FUNCTIONS | METHODS
#: Functions that are handed a code by one of these.
HANDED: Final = {*MAKERS, "_add"}

#: Codes that are put together while running: module, expression, and where its words stand.
COMPUTED: Final[dict[tuple[str, str], Callable[[Any], set[str]]]] = {
    ("recommender.synthesis.findings", "f'{reason}-not-writable'"): lambda module: {
        f"{reason}-not-writable" for reason in module._ASIDE_WORDS
    },
    ("recommender.synthesis.cluster_findings", "code"): lambda module: {
        code for code, _ in module._VERDICT_WORDS.values()
    },
    ("recommender.sources.platforms", "gap.code"): lambda module: {
        gap.code for _, gaps in module._GAPS.values() for gap in gaps
    },
    ("recommender.inventory.manifests", "error.code"): lambda module: {module.ManifestError.code},
    ("recommender.inventory.policies", "error.code"): lambda module: {module.ManifestError.code},
}


def codes_of_package(package: Path) -> dict[str, set[str]]:
    """Every code in a package, with the modules that use it."""
    found: dict[str, set[str]] = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = file.read_text(encoding="utf-8")
        if not any(f"{maker}(" in text for maker in MAKERS):
            continue
        for code in codes_in(ast.parse(text), import_module(name)):
            found.setdefault(code, set()).add(name)
    return found


def codes_in(tree: ast.Module, module: ModuleType) -> Iterator[str]:
    """The codes of the findings that a module makes.

    Raises:
        AssertionError: A code is put together in a way that is not known here.
    """
    for function in (None, *_functions(tree)):
        for call in _calls(tree if function is None else function):
            position = MAKERS[_called(call)]
            code = next((word.value for word in call.keywords if word.arg == "code"), None)
            if code is None and len(call.args) > position:
                code = call.args[position]
            if code is not None:
                yield from _values(code, function, module)


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _calls(scope: ast.AST) -> Iterator[ast.Call]:
    """Calls that make findings in a scope, not in the functions within it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Call) and _called(node) in MAKERS:
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def _called(call: ast.Call) -> str:
    """The name of the maker that is called, empty where it is something else."""
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr if called.attr in METHODS else ""
    name = getattr(called, "id", "")
    return name if name in FUNCTIONS else ""


def _values(code: ast.expr, function: ast.FunctionDef | None, module: ModuleType) -> set[str]:
    text = ast.unparse(code)
    if (module.__name__, text) in COMPUTED:
        return COMPUTED[module.__name__, text](module)
    if isinstance(code, ast.Constant):
        return {str(code.value)}
    if isinstance(code, ast.IfExp):
        return _values(code.body, function, module) | _values(code.orelse, function, module)
    if isinstance(code, ast.Name):
        if isinstance(value := getattr(module, code.id, None), str):
            return {value}
        if function is not None:
            if code.id in {argument.arg for argument in function.args.args}:
                place = f"{module.__name__}.{function.name}"
                assert function.name in HANDED, f"{place} hands on a code"
                return set()
            if found := _local(code.id, function, module):
                return found
    message = f"{module.__name__}:{code.lineno}: cannot tell which codes `{text}` stands for"
    raise AssertionError(message)


def _local(name: str, function: ast.FunctionDef, module: ModuleType) -> set[str]:
    """What a local name stands for: words that it is compared with, or values assigned to it."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == name:
            found |= {
                str(word.value) for word in node.comparators if isinstance(word, ast.Constant)
            }
        if isinstance(node, ast.Assign) and any(ast.unparse(to) == name for to in node.targets):
            found |= _values(node.value, function, module)
    return found
