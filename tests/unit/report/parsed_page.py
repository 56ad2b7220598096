"""A page as tests look at it: parsed strictly, with its sections, links, ids and drawings."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

VOID = {"meta", "link", "br", "img", "input", "hr"}
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


class ParsedPage(HTMLParser):
    """Fails on tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.sections: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        named = dict(attrs).get("id")
        if named is not None:
            self.ids.append(named)
        if tag not in VOID:
            self._open.append((tag, named if tag in {"section", "footer"} else None))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        for _, section in self._open:
            if section is not None:
                self.sections[section] = self.sections.get(section, "") + data

    def text(self, section: str) -> str:
        """The text of a section with its white space evened out."""
        return " ".join(self.sections[section].split())

    @property
    def drawings(self) -> list[ET.Element]:
        """Every SVG of the page; an ill-formed one is an error."""
        return [ET.fromstring(drawing) for drawing in _DRAWING.findall(self.html)]  # noqa: S314 - made by ourselves
