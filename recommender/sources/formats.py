"""Which log format a file is in, told by its first lines."""

from __future__ import annotations

import re
from typing import Final

from recommender.model.errors import InputError
from recommender.model.text import clean
from recommender.sources import hubble

#: Formats that can be read, by name.
NAMES: Final = (hubble.NAME,)

_SHOWN: Final = 60
# What other well-known files look like, to name them in the error.
_STRANGERS: Final = (
    (re.compile(rb"^version account-id|^\d+ \d{12} eni-"), "an AWS VPC flow log"),
    (re.compile(rb'"(jsonPayload|insertId)"\s*:'), "a GCP log export"),
    (re.compile(rb'"(flowRecords|flowTuples|flowLogVersion)"\s*:'), "an Azure flow log"),
    (re.compile(rb'"ibm_|"flow_logs"\s*:|"initiator_ip"\s*:'), "an IBM Cloud flow log"),
    (re.compile(rb'"cpp\.flows'), "a normalised export of another tool"),
    (re.compile(rb'^\s*[{"\s]*"?(apiVersion|kind)"?\s*:'), "a Kubernetes manifest"),
    (re.compile(rb'"id[._]orig_h"'), "a Zeek connection log"),
    (re.compile(rb'"SrcAddr"\s*:|SrcK8S_'), "a NetObserv export"),
    (re.compile(rb"^PAR1"), "a Parquet file"),
    (re.compile(rb"^(\xff\xfe|\xfe\xff)"), "text in UTF-16, as PowerShell writes it"),
    (re.compile(rb"^(BZh|\xfd7zXZ|PK\x03\x04)"), "an archive that is neither gzip nor zstd"),
)


def recognise(name: str, head: list[bytes]) -> str:
    """The format of a file by its first non-blank lines.

    Raises:
        InputError: The file is empty, or is in no format that can be read.
    """
    lines = [line for line in head if line.strip()]
    if not lines:
        message = "the file holds no records"
        raise InputError(message, where=name, hint="check that the export wrote anything")
    if hubble.recognises(lines):
        return hubble.NAME
    text = b"\n".join(lines[:20])
    for pattern, what in _STRANGERS:
        if pattern.search(text):
            message = f"looks like {what}, not a Hubble flow log"
            break
    else:
        start = clean(lines[0][:_SHOWN].decode("utf-8", "replace").strip())
        message = f"not a flow log that can be read; it starts with: {start}"
    hint = "make one with: hubble observe -o jsonpb --since 24h > flows.jsonl"
    raise InputError(message, where=name, hint=hint)
