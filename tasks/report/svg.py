"""Drawing SVG: elements, escaped text, a title and a description for those who cannot see the drawing.

Owns: well-formed SVG as a string. Does not own: colours (classes of `style.css`, so that they follow light and dark) or
what is drawn. All lengths are in pixels.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from tasks.report.formats import clean

Length = float
_UNSAFE_IN_ID = re.compile(r"[^A-Za-z0-9_-]")


def anchor(*parts: str) -> str:
    """An HTML id made of names: letters, digits, hyphens and underscores only."""
    return "-".join(_UNSAFE_IN_ID.sub("_", part) for part in parts)


class Drawing:
    """An SVG element that grows from back to front."""

    def __init__(self, key: str, width: Length, height: Length, *, title: str, description: str) -> None:
        """An empty drawing.

        Args:
            key: unique on the page; the ids of title and description are made of it.
            width: of the view box.
            height: of the view box.
            title: a few words, read aloud first.
            description: what the drawing shows, in a sentence or two.
        """
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "chart",
                "role": "img",
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "width": _number(width),
                "height": _number(height),
                "aria-labelledby": f"{key}-title {key}-desc",
            },
        )
        for tag, text in (("title", title), ("desc", description)):
            ET.SubElement(self.root, tag, {"id": f"{key}-{tag}"}).text = clean(text)

    def rect(self, x: Length, y: Length, width: Length, height: Length, style: str, *, tip: str = "") -> None:
        """A rectangle; `tip` is shown on hovering."""
        lengths = {"x": x, "y": y, "width": max(width, 0.0), "height": max(height, 0.0)}
        self._add("rect", style, tip, lengths)

    def line(self, x1: Length, y1: Length, x2: Length, y2: Length, style: str) -> None:
        """A straight line."""
        self._add("line", style, "", {"x1": x1, "y1": y1, "x2": x2, "y2": y2})

    def circle(self, x: Length, y: Length, radius: Length, style: str, *, tip: str = "") -> None:
        """A circle."""
        self._add("circle", style, tip, {"cx": x, "cy": y, "r": radius})

    def path(self, commands: str, style: str, *, tip: str = "") -> None:
        """A path; see `point` for coordinates."""
        self._add("path", style, tip, {}).set("d", commands)

    def text(
        self, x: Length, y: Length, content: str, style: str = "", *, tip: str = "", rotate: Length | None = None
    ) -> None:
        """A line of text on its baseline; `rotate` turns it clockwise about its start, in degrees."""
        element = self._add("text", style, tip, {"x": x, "y": y})
        if rotate is not None:
            element.set("transform", f"rotate({_number(rotate)} {_number(x)} {_number(y)})")
        if tip:
            # Behind its <title>, or it would be read before it and the title lost.
            element[-1].tail = clean(content)
        else:
            element.text = clean(content)

    def _add(self, tag: str, style: str, tip: str, lengths: dict[str, Length]) -> ET.Element:
        attributes = {"class": style} if style else {}
        attributes |= {name: _number(length) for name, length in lengths.items()}
        element = ET.SubElement(self.root, tag, attributes)
        if tip:
            ET.SubElement(element, "title").text = clean(tip)
        return element

    def __str__(self) -> str:
        """The SVG, to be put into a page as it is."""
        return ET.tostring(self.root, encoding="unicode")


def point(x: Length, y: Length) -> str:
    """Coordinates as a path has them."""
    return f"{_number(x)},{_number(y)}"


def _number(value: Length) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
