"""The one exception tree: every error carries a stable code, a place and a way out."""

from __future__ import annotations

from typing import ClassVar


class RecommenderError(Exception):
    """An error that a user can cause and mend.

    Args:
        message: What is wrong, in one sentence without a full stop.
        where: File, line, document or field where it is wrong.
        hint: What to do about it.

    Attributes:
        code: Stable machine-readable reason, the same over releases.
        exit_code: The exit code of a command that ends with this error (design: 2 usage,
            3 input unusable, 1 a gate found something, 4 internal).
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        """Keep the three parts apart so that each form of output can lay them out."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """The error as one line: place, what is wrong, what to do."""
        place = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint}"


class UsageError(RecommenderError):
    """The command or the call was asked for something it does not offer."""

    code = "usage"
    exit_code = 2


class InputError(RecommenderError):
    """An input cannot be used: missing, empty, unreadable or of another format."""

    code = "input-unusable"


class PartialInputError(InputError):
    """An input ended early or is corrupt; what was read before is not the whole."""

    code = "input-partial"


class CoverageError(InputError):
    """The window shows less of the traffic than the user asked for."""

    code = "coverage-below-bound"


class BombError(InputError):
    """An archive unpacks to far more than its size allows and was refused."""

    code = "decompression-bomb"


class OutputError(RecommenderError):
    """A file cannot be written where it was asked for."""

    code = "output-refused"
    exit_code = 2


class ManifestError(InputError):
    """A Kubernetes manifest does not say what the API server would accept."""

    code = "invalid-manifest"


class ModelError(RecommenderError):
    """A value was built that the typed model does not allow."""

    code = "invalid-value"
    exit_code = 4


class InternalError(RecommenderError):
    """The program broke one of its own promises, for example accounting that does not add up."""

    code = "internal"
    exit_code = 4
