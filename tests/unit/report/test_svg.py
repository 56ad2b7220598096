"""Drawings are well-formed whatever is written on them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tasks.report.svg import Drawing, anchor, point

NASTY = '</text><script>alert("1")</script>&\x00\u202e'


def test_texts_are_escaped_and_cleaned() -> None:
    drawing = Drawing("k", 100, 50.5, title=NASTY, description=NASTY)
    drawing.text(1, 2, NASTY, "label", tip=NASTY, rotate=-40)
    drawing.rect(0, 0, 10, 10, "bar", tip=NASTY)
    text = str(drawing)
    assert "<script" not in text
    root = ET.fromstring(text)  # noqa: S314 - made by ourselves
    said = '</text><script>alert("1")</script>&��'
    assert [element.text for element in root if element.tag.endswith(("title", "desc"))] == [said, said]
    label = next(element for element in root if element.tag.endswith("text"))
    assert label[0].text == said
    assert label[0].tail == said


def test_title_and_description_are_referred_to() -> None:
    root = ET.fromstring(str(Drawing("sizes-rfm", 10, 10, title="T", description="D")))  # noqa: S314 - likewise
    ids = [element.get("id") for element in root]
    assert root.get("aria-labelledby") == " ".join(str(name) for name in ids)
    assert root.get("role") == "img"
    assert root.get("viewBox") == "0 0 10 10"


def test_a_negative_width_is_none() -> None:
    drawing = Drawing("k", 10, 10, title="", description="")
    drawing.rect(0, 0, -5, 1, "bar")
    assert 'width="0"' in str(drawing)


def test_anchors_are_safe_in_html() -> None:
    assert anchor("profile", 'x" onload="y') == "profile-x__onload__y"
    assert point(1.5, 2.0) == "1.5,2"
