"""The command line: one thin module a command, each parsing, calling the library and printing."""

from __future__ import annotations
