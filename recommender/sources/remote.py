"""Logs in the object stores of clouds: which objects a URL means, and their bytes.

Credentials come from the chains that each cloud's own tools use (environment, profiles, the
identity of the machine). They are never taken from a URL, and what a library says of a failure is
never shown: it may quote what was signed.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from recommender.model.errors import InputError, PartialInputError, RecommenderError
from recommender.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.sources.discovery import InputFile

#: Loggers of the libraries; what they say reaches only handlers that the user set up.
_TALKATIVE: Final = (
    "s3fs",
    "gcsfs",
    "adlfs",
    "fsspec",
    "botocore",
    "aiobotocore",
    "google",
    "azure",
)
# What libraries and stores call a login that was good once ...
_EXPIRED: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "TokenRefreshRequired",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "RefreshError",
        "ReauthFailError",
    }
)
# ... what has to be fetched from an archive first ...
_ARCHIVED: Final = frozenset({"InvalidObjectState", "BlobArchived"})
# ... and what is not allowed.
_REFUSED: Final = frozenset({"PermissionError", "AccessDenied", "Forbidden", "401", "403"})
_CODES: Final = ("code", "status", "status_code", "error_code")
#: Errors behind an error that are looked at.
_CAUSES: Final = 6
_BLOCK: Final = 8 << 20
_GLOB: Final = re.compile(r"[*?\[]")
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE | re.DOTALL)
# What people paste when they have a signed link: it holds a credential.
_SECRET: Final = re.compile(
    r"[?&;](sig|se|sv|x-amz-[a-z-]+|x-goog-[a-z-]+|awsaccesskeyid|signature|token)=|^[^/]*:.*@",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Store:
    """A cloud's object store: the package that reads it, the extra that brings it, its tools."""

    package: str
    extra: str
    title: str
    login: str


_AWS: Final = _Store("s3fs", "aws", "Amazon S3", "aws sts get-caller-identity")
_GCP: Final = _Store(
    "gcsfs", "gcp", "Google Cloud Storage", "gcloud auth application-default login"
)
_AZURE: Final = _Store(
    "adlfs", "azure", "Azure Blob Storage", "az login, or AZURE_STORAGE_ACCOUNT_NAME"
)
#: Object stores by the scheme of their URLs.
STORES: Final = {
    "s3": _AWS,
    "s3a": _AWS,
    "gs": _GCP,
    "gcs": _GCP,
    "az": _AZURE,
    "abfs": _AZURE,
    "abfss": _AZURE,
}


def is_remote(text: str) -> bool:
    """Whether a path is a URL, not a file of this machine."""
    return _URL.match(text) is not None


class FoundObject(NamedTuple):
    """An object of a store.

    Attributes:
        url: Where it is.
        named: Whether the user named this very one.
        size: How many bytes it has; None where the store was not asked.
    """

    url: str
    named: bool
    size: int | None = None


def find_objects(url: str) -> Iterator[FoundObject]:
    """The objects that a URL means: one object, all below a prefix, or what a pattern matches.

    Yields:
        Each object, in the order of names.

    Raises:
        InputError: There is none, the store cannot be reached, or the URL holds a credential.
    """
    store = _checked(url)
    scheme, path = _parts(url)
    system = _file_system(url, store)
    try:
        if system.isfile(path):
            yield FoundObject(url, named=True)
            return
        if _GLOB.search(path):
            found = system.glob(path, detail=True)
        else:
            found = system.find(path, detail=True)
    except Exception as error:  # noqa: BLE001 - each library has errors of its own
        raise _failure(url, store, error) from None
    objects = {name: about for name, about in found.items() if about.get("type") == "file"}
    if not objects:
        what = (
            "no object matches this pattern" if _GLOB.search(path) else "no such object or prefix"
        )
        raise InputError(what, where=url, hint="check the bucket and the path")
    for name, about in sorted(objects.items()):
        size = about.get("size")
        yield FoundObject(
            f"{scheme}://{name}", named=False, size=size if isinstance(size, int) else None
        )


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A store that somebody is logged in to.

    Attributes:
        about: What is known of it.
        system: Its file system, of a library.
    """

    about: _Store
    system: Any

    def content(self, item: InputFile, *, most: int) -> bytes | None:
        """All bytes of an object; None where it has more than so many.

        Raises:
            PartialInputError: It cannot be read.
        """
        _, path = _parts(item.path)
        try:
            content: bytes = self.system.cat_file(path, start=0, end=most + 1)
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
            raise _unread(item.name, self.about, error) from None
        return content if len(content) <= most else None


def open_store(url: str) -> ObjectStore:
    """The store that a URL leads to.

    Raises:
        InputError: The package for it is missing, or there is nobody to log in as.
    """
    store = _checked(url)
    return ObjectStore(store, _file_system(url, store))


def read_object(item: InputFile) -> Iterator[bytes]:
    """The bytes of an object as they are stored, some at a time.

    Raises:
        PartialInputError: It cannot be opened, or breaks off; raised after what came before has
            been handed on.
    """
    store = _checked(item.path)
    _, path = _parts(item.path)
    system = _file_system(item.path, store)
    done = 0
    try:
        with system.open(path, "rb", block_size=_BLOCK, cache_type="readahead") as stream:
            size = stream.size
            while chunk := stream.read(1 << 20):
                done += len(chunk)
                yield chunk
    except Exception as error:
        if isinstance(error, GeneratorExit):
            raise
        failure = _unread(item.name, store, error)
        if not done:
            raise failure from None
        raise _broken(item.name, done, failure.message) from None
    if size is not None and done != size:
        raise _broken(item.name, done, f"it has {size:,}")


@contextmanager
def opened_object(item: InputFile) -> Iterator[IO[bytes]]:
    """An object as a file that can be read from any place.

    Raises:
        InputError: It cannot be opened or read.
    """
    store = _checked(item.path)
    _, path = _parts(item.path)
    system = _file_system(item.path, store)
    try:
        with system.open(path, "rb", block_size=_BLOCK, cache_type="readahead") as stream:
            yield stream
    except RecommenderError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise _failure(item.name, store, error) from None


def _broken(name: str, done: int, why: str) -> PartialInputError:
    message = f"the object breaks off after {done:,} bytes: {why}"
    hint = "run it again, or pass --allow-partial to use what could be read"
    return PartialInputError(message, where=name, hint=hint)


def _parts(url: str) -> tuple[str, str]:
    match = _URL.match(url)
    return (match[1].lower(), match[2]) if match else ("", url)


def _checked(url: str) -> _Store:
    scheme, path = _parts(url)
    store = STORES.get(scheme)
    if store is None:
        message = f"{clean(scheme)}:// is no place that logs can be read from"
        known = ", ".join(f"{name}://" for name in ("s3", "gs", "az"))
        raise InputError(message, where=_shown(url), hint=f"local files, {known}")
    if _SECRET.search(path):
        message = "the URL holds a credential"
        hint = f"leave it out and log in the way of {store.title}: {store.login}"
        raise InputError(message, where=_shown(url), hint=hint)
    return store


def _shown(url: str) -> str:
    """A URL without what may be a credential."""
    scheme, path = _parts(url)
    # No bucket has a colon in its name: what comes before it is a user.
    bare = re.sub(r"^[^/]*:.*@", "", path)
    return clean(f"{scheme}://{re.split(r'[?&;]', bare)[0]}")


def _file_system(url: str, store: _Store) -> Any:  # noqa: ANN401 - fsspec has no types
    import fsspec

    scheme, _ = _parts(url)
    for name in _TALKATIVE:
        # Where nobody set up logging, Python would print what these libraries remark.
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        import_module(store.package)
        return fsspec.filesystem(scheme, skip_instance_cache=True)
    except ImportError:
        message = f"reading {scheme}:// needs the package {store.package}"
        hint = f"pip install 'recommender[{store.extra}]'"
        raise InputError(message, where=_shown(url), hint=hint) from None
    except Exception as error:  # noqa: BLE001 - as above; some look for credentials at once
        raise _failure(url, store, error) from None


def _words(error: BaseException) -> Iterator[str]:
    """What an error and its causes are called, and the codes of the answers behind them."""
    found: BaseException | None = error
    for _ in range(_CAUSES):
        if found is None:
            return
        yield type(found).__name__
        answer = getattr(found, "response", None)
        if isinstance(answer, dict):
            yield str(answer.get("Error", {}).get("Code", ""))
        # The one word by which gcsfs tells this from other failures.
        yield str(found).partition(":")[0]
        yield from (str(getattr(found, name, "")) for name in _CODES)
        found = found.__cause__ or found.__context__


def _unread(name: str, store: _Store, error: Exception) -> PartialInputError:
    """The same for one object of a log, which may have held anything."""
    told = _failure(name, store, error)
    return PartialInputError(told.message, where=name, hint=told.hint)


def _failure(name: str, store: _Store, error: Exception) -> InputError:
    """What went wrong, without a word of the library's own: it may quote what was signed."""
    if isinstance(error, FileNotFoundError):
        return InputError("no such object or bucket", where=name, hint="check the bucket and path")
    words = set(_words(error))
    if words & _EXPIRED:
        message = f"your login to {store.title} has expired"
        return InputError(message, where=name, hint=f"log in again: {store.login}")
    if words & _ARCHIVED:
        hint = "restore it to a class that can be read at once, or leave it out"
        return InputError(f"{store.title} has it in an archive", where=name, hint=hint)
    if words & _REFUSED or any("Credential" in word or "Auth" in word for word in words):
        message = f"{store.title} does not let you read it"
        return InputError(message, where=name, hint=f"log in first: {store.login}")
    message = f"{store.title} cannot be read ({type(error).__name__})"
    hint = "check the network, the region and the bucket's name"
    return InputError(message, where=name, hint=hint)
