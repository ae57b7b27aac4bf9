"""Values of options that need no check, handed on without the library that would check them.

Typer hands every value to pydantic, defaults as well. To load that takes longer than all else that
happens before a log is opened, and texts, paths, and values that nobody gave come out as they
went in. Whatever may not be fine still goes Typer's way, so that errors stay its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

#: What Typer asks a parameter for before it converts the parameter's value.
_STEP: Final = "get_runtime_param"


class _Conversion(Protocol):
    """What makes the value of a parameter of what was given."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any: ...  # noqa: ANN401 - any type


def hand_on_plain_values(command: Any) -> None:  # noqa: ANN401 - a command or a group of Typer's
    """Let the parameters of a command, and of the commands below it, hand on plain values.

    A release of Typer that converts in another way is left alone.
    """
    for below in getattr(command, "commands", {}).values():
        hand_on_plain_values(below)
    usual = command.get_params

    def parameters(context: object) -> list[Any]:
        # The option for help is made only here.
        found: list[Any] = usual(context)
        for parameter in found:
            known = vars(parameter)
            if _STEP not in known and hasattr(parameter, _STEP):
                step = _Step(getattr(parameter, _STEP))
                known[_STEP] = lambda step=step: step
        return found

    vars(command)["get_params"] = parameters


class _Step:
    """The conversion of one parameter's values.

    Args:
        usual: Makes Typer's own conversion.
    """

    def __init__(self, usual: Callable[[], _Conversion]) -> None:
        self._usual = usual

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - any type
        """The value as the command's function takes it."""
        wanted = param.type_descriptor.annotation
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if several:
            if wanted == list[str] and isinstance(value, list | tuple) and _are_texts(value):
                return list(value)
        elif isinstance(wanted, type) and type(value) is wanted:
            return value
        elif wanted is Path and _is_plain_path(value, param.type_descriptor.parameter_info):
            return Path(value)
        return self._usual().coerce(value, param=param, ctx=ctx)


def _are_texts(values: list[object] | tuple[object, ...]) -> bool:
    return all(type(value) is str for value in values)


def _is_plain_path(value: object, wishes: Any) -> bool:  # noqa: ANN401 - Typer's own
    """Whether there is nothing to say against a path."""
    checked = wishes.exists or wishes.writable or wishes.resolve_path or wishes.path_type
    any_kind = wishes.file_okay and wishes.dir_okay
    if type(value) is not str or checked or not any_kind:
        return False
    return os.access(value, os.R_OK) or not os.path.lexists(value)
