"""Strings that have broken somebody's YAML, file names, terminals or pages."""

from __future__ import annotations

import random
from typing import Final

_READ_AS_OTHER_TYPES: Final = (
    *("", "y", "Y", "n", "yes", "no", "on", "off", "true", "True", "TRUE", "false", "null"),
    *("Null", "NULL", "~", "5e7", "1e3", "0o17", "017", "08", "0x1F", "0b11", "1_000", "-1", "+1"),
    *("1.", ".5", "1.0", ".inf", "-.inf", ".nan", ".NaN", "2026-03-02", "12:30:45", "190:20:30"),
    *("2001-12-14t21:59:43.10-05:00", "=", "<<", "!!binary", "!!str", "&a", "*a", "1:1"),
)
_YAML_SYNTAX: Final = (
    *("- a", "? a", ": a", "a: b", "a:", "a #b", "#", "# no", "---", "...", "%YAML 1.1", "@", "`"),
    *("{", "}", "[", "]", "{}", "[]", "|", ">", "|-", "'", '"', '"x', "\\", "\\x41", "a\\", "\\N"),
    *(" lead", "trail ", "  ", "\t", "a\tb", "\n", "a\nb: c", "a\r\nb", "\x85", "\u2028", "\u2029"),
    *("a\n# b", "\n---\n", "\n- evil: 1\n", "{{ .Values.x }}", "${HOME}", "$(id)", "`id`", "%(a)s"),
)
_TERMINAL: Final = (
    *("\x1b[31mred", "\x1b]8;;http://x\x07y\x1b]8;;\x07", "\x9b31m", "\x08\x08", "\x07", "\x00"),
    *(
        "\x7f",
        "\r overwrite",
        "\u202egnp.exe",
        "\u2066x\u2069",
        "\u200b",
        "\ufeff",
        "\u00ad",
        "\xa0",
    ),
    *("[bold]x[/bold]", "/x[/foo]", "[link=http://x]y", "\U000e0041", "\ufffe", "\U0001f600"),
)
_FILE_NAMES: Final = (
    *(
        ".",
        "..",
        "../x",
        "../../etc/passwd",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "..\\x",
        "C:\\x",
        "~root",
    ),
    *("con", "CON", "con.txt", "nul", "aux", "com1", "LPT9", "prn.a", "a.", "a ", ".hidden", "-rf"),
    *(
        "--force",
        "a" * 300,
        "A" * 300,
        "é" * 150,
        "Web",
        "WEB",
        "wEb",
        "\u017f",
        "K",
        "ß",
        "ss",
        "ﬁ",
    ),
    *(
        "e\u0301",
        "\u00e9",
        "İ",
        "\u0131",
        "a:b",
        "a*b",
        "a?b",
        "a|b",
        "kustomization",
        "default-deny",
    ),
    *("kustomization.yaml", ".recommender.json", "web.yaml", "a%2fb", "a%00", "a_2fb", "x--0"),
)
_PAGES: Final = (
    *("<script>alert(1)</script>", "</script>", "<!--", "&amp;", "javascript:alert(1)", "=1+1"),
    *("+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\uff1d1", "' OR 1=1 --", "'; DROP TABLE x;"),
)
_ALPHABET: Final = "aA0-_./\\:#'\"{}[]|>&*!%@`~ \t\n\r\x00\x1b\x85\x9b\u2028\u202e\u200bé😀"


def hostile_strings(count: int = 200) -> list[str]:
    """At least ``count`` distinct strings: the known ones, then drawn ones, always the same."""
    known = (*_READ_AS_OTHER_TYPES, *_YAML_SYNTAX, *_TERMINAL, *_FILE_NAMES, *_PAGES)
    found = dict.fromkeys(known)
    dice = random.Random(20260302)  # noqa: S311 - strings for tests, no secret
    while len(found) < count:
        length = dice.choice((1, 2, 3, 5, 8, 40, 120, 300))
        found["".join(dice.choice(_ALPHABET) for _ in range(length))] = None
    return list(found)
