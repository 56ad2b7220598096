"""The runbooks on the page: what to do about a failed check, without a network.

Owns: finding a shipped page, and the part of Markdown that our runbooks are written in (headings, paragraphs, lists,
code, links). Does not own their text (`docs/runbooks/`). A link to another runbook leads to it where the page has it;
any other is left as its words, for there is nothing to lead to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup, escape

from tasks.config.errors import ResegmentError
from tasks.config.shipped import shipped
from tasks.report.svg import anchor

_NAME = re.compile(r"runbooks/(?P<name>[a-z0-9-]+)\.md")
_ADDRESS = re.compile(r"https?://\S+")
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\[(?P<label>[^\]]+)\]\((?P<target>[^)]*)\)|\*\*(?P<strong>[^*]+)\*\*")
_ITEM = re.compile(r"(?P<mark>-|\d+\.) (?P<text>.*)")


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook that the page holds."""

    anchor: str
    title: str
    body: Markup


def runbooks(named: Collection[str]) -> dict[str, Runbook]:
    """The shipped pages among those named, such as ``runbooks/rows-lost.md``, in their order."""
    texts = {name: text for name in dict.fromkeys(named) if (text := _text(name)) is not None}
    anchors = {Path(name).name: _anchor(name) for name in texts}
    books = {}
    for name, text in texts.items():
        title, _, rest = text.partition("\n")
        books[name] = Runbook(_anchor(name), title.removeprefix("# "), Markup("\n").join(_blocks(rest, anchors)))
    return books


def address(runbook: str) -> str | None:
    """The address of a runbook that lies in the web; None of any other."""
    return runbook if _ADDRESS.fullmatch(runbook) else None


def _anchor(name: str) -> str:
    return anchor("runbook", Path(name).stem)


def _text(name: str) -> str | None:
    """The text of a shipped page; None where it is not one of ours, or the installation has none."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    try:
        file = shipped("docs") / "runbooks" / f"{found['name']}.md"
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except (ResegmentError, OSError):
        return None


def _blocks(text: str, anchors: dict[str, str]) -> Iterator[Markup]:
    """Code keeps its lines; all else is cut at empty lines."""
    for number, part in enumerate(re.split(r"^```\w*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)):
        if number % 2:
            yield Markup('<pre tabindex="0"><code>{}</code></pre>').format(part.rstrip())
            continue
        for block in re.split(r"\n\s*\n", part.strip()):
            if block:
                yield _block(block, anchors)


def _block(block: str, anchors: dict[str, str]) -> Markup:
    if block.startswith("#"):
        return Markup("<h4>{}</h4>").format(block.lstrip("# "))
    lines = _whole_lines(block)
    items = [_ITEM.fullmatch(line) for line in lines]
    if not all(items):
        return Markup("<p>{}</p>").format(_inline(" ".join(lines), anchors))
    listed = Markup().join(Markup("<li>{}</li>").format(_inline(item["text"], anchors)) for item in items if item)
    return (Markup("<ul>{}</ul>") if block.startswith("-") else Markup("<ol>{}</ol>")).format(listed)


def _whole_lines(block: str) -> list[str]:
    """Lines of a block; an indented one goes on with the one before."""
    number = 0
    numbered = []
    for line in block.splitlines():
        number += not line.startswith(" ")
        numbered.append((number, line.strip()))
    return [" ".join(line for _, line in group) for _, group in groupby(numbered, key=lambda pair: pair[0])]


def _inline(text: str, anchors: dict[str, str]) -> Markup:
    written, at = Markup(), 0
    for found in _INLINE.finditer(text):
        written += escape(text[at : found.start()])
        at = found.end()
        if found["code"]:
            written += Markup("<code>{}</code>").format(found["code"])
        elif found["strong"]:
            written += Markup("<strong>{}</strong>").format(found["strong"])
        elif found["target"] in anchors:
            written += Markup('<a href="#{}">{}</a>').format(anchors[found["target"]], found["label"])
        else:
            written += escape(found["label"])
    return written + escape(text[at:])
