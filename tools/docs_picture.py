"""The picture and the excerpts in the documentation, made from a real run over data/.

    python tools/docs_picture.py

Runs the main job on the sample, draws its summary as docs/images/summary.svg, and puts parts of
what it wrote between the markers in our pages::

    <!-- made from policies/shop/cart.yaml -->
    <!-- end -->
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

import recommender as nr
from recommender.reporting.terminal import summary

__all__ = ["PAGES", "PICTURE", "made", "picture", "with_excerpts"]

ROOT: Final = Path(__file__).resolve().parent.parent
#: Where the picture lies, relative to the root of the repository.
PICTURE: Final = Path("docs", "images", "summary.svg")
#: Pages with excerpts.
PAGES: Final = (Path("README.md"), Path("docs", "getting-started.md"))
#: What an excerpt of the summary is called.
SUMMARY: Final = "the summary"

_CAPTURE: Final = "flows.jsonl.gz"
_COMMAND: Final = f"recommender recommend {_CAPTURE} -d out"
_WIDTH: Final = 100
_MARKED: Final = re.compile(r"(<!-- made from (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_THEME: Final = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        *((72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34)),
        *((88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)),
    ],
)
# Fonts of the reader's own system: a picture in a README must not fetch anything.
_SVG: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" role="img" \
xmlns="http://www.w3.org/2000/svg">
<title>The summary that a run prints on the terminal</title>
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
.{unique_id}-title {{
    font-size: 18px;
    font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
  <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def made() -> dict[str, str]:
    """What a run over the sample writes, by file relative to its folder, and its summary.

    The summary stands under ``SUMMARY`` plain, and with its colours under ``""``.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copy(ROOT / "data" / _CAPTURE, _CAPTURE)
        drafts = nr.recommend(_CAPTURE)
        written = drafts.to_dir("out")
        out = Path("out")
        files = {
            str(file.relative_to(out)): file.read_text(encoding="utf-8")
            for file in sorted(out.rglob("*.yaml"))
        }
        files[SUMMARY] = f"$ {_COMMAND}\n{summary(drafts.run, written, width=_WIDTH)}"
        files[""] = summary(drafts.run, written, width=_WIDTH, colour=True)
    return files


def picture(coloured: str) -> str:
    """A terminal with a coloured summary in it, as SVG that fetches nothing."""
    console = Console(
        record=True, width=_WIDTH, file=io.StringIO(), color_system="standard", force_terminal=True
    )
    console.print(Text.from_ansi(coloured.rstrip("\n")))
    drawn = console.export_svg(
        title=_COMMAND, theme=_THEME, code_format=_SVG, unique_id="summary", font_aspect_ratio=0.61
    )
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"


def with_excerpts(page: str, files: dict[str, str]) -> str:
    """A page whose marked parts hold what the run wrote.

    Raises:
        KeyError: A marker names a file that the run did not write.
    """

    def refreshed(part: re.Match[str]) -> str:
        language = "yaml" if part[2].endswith(".yaml") else "text"
        return f"{part[1]}```{language}\n{files[part[2]]}```\n{part[3]}"

    return _MARKED.sub(refreshed, page)


def main() -> int:
    """Write the picture and the excerpts."""
    files = made()
    (ROOT / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / PICTURE).write_text(picture(files[""]), encoding="utf-8")
    for page in PAGES:
        path = ROOT / page
        path.write_text(with_excerpts(path.read_text(encoding="utf-8"), files), encoding="utf-8")
    print(f"docs: wrote {PICTURE} and the excerpts of {', '.join(map(str, PAGES))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
