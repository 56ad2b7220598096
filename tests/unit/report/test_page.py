"""The page as a whole: parsed, and looked at as a reader would."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.config.errors import OutputError
from tasks.report.data import ReportData, collect
from tasks.report.page import render, write_page
from tasks.warehouse.run import Run
from tests.unit.report import made_run
from tests.unit.report.made_story import EVIL, EVIL_NAMES, SECRETS, SIXTY, standard_run, stopped_run
from tests.unit.report.parsed_page import ParsedPage

SECTIONS = ("summary", "run", "segments", "profiles", "migration", "overlap", "drift", "quality", "lineage")


@pytest.fixture(scope="module")
def evil_page(tmp_path_factory: pytest.TempPathFactory) -> ParsedPage:
    run = standard_run(tmp_path_factory.mktemp("evil"), names=EVIL, customers=300)
    return ParsedPage(render(collect(run)))


@pytest.fixture(scope="module")
def first_page(tmp_path_factory: pytest.TempPathFactory) -> ParsedPage:
    return ParsedPage(render(collect(standard_run(tmp_path_factory.mktemp("first"), customers=200, is_first=True))))


@pytest.fixture(scope="module")
def stopped_page(tmp_path_factory: pytest.TempPathFactory) -> ParsedPage:
    return ParsedPage(render(collect(stopped_run(tmp_path_factory.mktemp("stopped")))))


def test_every_section_is_there_and_linked(published_page: ParsedPage) -> None:
    assert set(SECTIONS) <= set(published_page.ids)
    links = {value for tag, name, value in published_page.attributes if tag == "a" and name == "href"}
    assert "checks.html" in links
    inside = {link[1:] for link in links - {"checks.html"}}
    assert set(SECTIONS) - {"run"} <= inside <= set(published_page.ids)
    unlinked = sorted(published_page.sections.keys() - {"run"} - inside)
    assert not unlinked, f"link them in the <nav> of tasks/report/template.html.j2: {', '.join(unlinked)}"


def test_ids_are_unique_and_labels_resolve(published_page: ParsedPage) -> None:
    assert len(published_page.ids) == len(set(published_page.ids))
    for _, name, value in published_page.attributes:
        if name == "aria-labelledby":
            assert set(value.split()) <= set(published_page.ids)


def test_landmarks_and_headers(published_page: ParsedPage) -> None:
    assert [published_page.tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert published_page.tags.count("table") == published_page.tags.count("thead")
    assert all(value in {"col", "row", "colgroup"} for tag, name, value in published_page.attributes if name == "scope")
    assert published_page.tags.count("th") == sum(name == "scope" for _, name, _ in published_page.attributes)


def test_nothing_is_loaded_from_elsewhere(published_page: ParsedPage) -> None:
    assert not {"script", "iframe", "img", "object", "form"} & set(published_page.tags)
    for tag, name, value in published_page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in {"href", "src"}:
            assert value.startswith(("#", "data:,")) or value == "checks.html", value
    style = published_page.html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_drawings_are_well_formed_and_described(published_page: ParsedPage) -> None:
    drawings = published_page.drawings
    # 27 bars, 4 of each health card, 4 heat maps, 4 Sankey diagrams, matrix, UpSet, 2 drift plots.
    assert len(drawings) == 27 + 4 * 27 + 4 + 4 + 1 + 1 + 2
    for drawing in drawings:
        title, description = drawing[0], drawing[1]
        assert title.tag.endswith("title")
        assert title.text
        assert description.tag.endswith("desc")
        assert description.text


def test_figures_are_formatted(published_page: ParsedPage) -> None:
    text = published_page.text("run")
    for said in ("75,000.00", "201,610", "43 (2.01%)", "24 (0.01%)", "Rows read = rows loaded + rows in quarantine"):
        assert said in text


def test_segments_tell_their_treatment(published_page: ParsedPage) -> None:
    text = published_page.text("segments")
    for said in ("Champions", "Early access to the autumn range", "CRM team", "rfm.s01", "score BETWEEN 0 AND 1"):
        assert said in text


def test_verdicts_are_words(published_page: ParsedPage) -> None:
    text = published_page.text("drift")
    for said in ("◆ drift: alarm", "▲ drift: notice", "○ inconclusive", "0.210", "0.050 / 0.100"):
        assert said in text
    assert "Features and mixes, against the previous publication (2025-05-31)" in text
    assert "against the frozen baseline" in text


def test_checks_are_words_and_examples(published_page: ParsedPage) -> None:
    text = published_page.text("quality")
    assert "5 checks: 3 passed, 2 failed" in text
    assert "quantities are not larger than 10,000" in text
    assert "80995, 74215" in text
    assert "3 of 1,000 values (0.3%)" in text


def test_lineage_names_loads_code_and_workspace(published_page: ParsedPage, published_data: ReportData) -> None:
    text = published_page.text("lineage")
    assert published_data.loads[0].file_sha256[:12] in text
    assert published_data.run.workspace_digest[:12] in text
    assert "resegment 0.1.0" in text
    assert "generated 2025-07-01 04:30 UTC" in text


@pytest.mark.parametrize("which", ["published_page", "first_page", "stopped_page", "evil_page"])
def test_contact_data_are_nowhere(which: str, request: pytest.FixtureRequest) -> None:
    html = request.getfixturevalue(which).html
    assert [secret for secret in SECRETS if secret in html] == []
    assert "row_json" not in html


def test_the_page_is_the_same_again(published_data: ReportData, published_run: Run) -> None:
    assert render(published_data) == render(collect(published_run))


def test_hostile_names_are_text(evil_page: ParsedPage) -> None:
    assert "script" not in evil_page.tags
    assert "img" not in evil_page.tags
    text = evil_page.text("segments")
    for name in EVIL_NAMES[:5]:
        assert name in text
    assert '"><img src=x onerror=alert(1)>' in text
    assert "\u202e" not in evil_page.html
    assert "\x0b" not in evil_page.html
    assert len(evil_page.ids) == len(set(evil_page.ids))
    assert len(evil_page.drawings) == 27 + 4 * 27 + 4 + 4 + 1 + 1 + 2


def test_long_names_are_cut_in_drawings_with_the_whole_beside(evil_page: ParsedPage) -> None:
    long = "x" * 300
    titles = [element for drawing in evil_page.drawings for element in drawing.iter() if element.text == long]
    assert titles
    assert all(element.tag.endswith("title") for element in titles)
    assert all((element.tail or "").endswith("…") for element in titles if element.tail)


def test_a_first_run_reads_well(first_page: ParsedPage) -> None:
    assert "It is the first run: there is nothing to compare with." in first_page.text("run")
    assert first_page.text("migration").startswith("Migration First run: nothing to compare with.")
    assert first_page.text("drift") == "Drift First run: nothing to compare with."
    assert "there is no change to show yet" in first_page.text("segments")
    assert "None" not in " ".join(first_page.sections.values())


def test_a_stopped_run_shows_what_failed_first_and_what_stands(stopped_page: ParsedPage) -> None:
    text = stopped_page.text("summary")
    assert text.startswith("This run was stopped by a quality gate")
    assert (
        "Readers still have the publication of 2025-05-31, which is 30 days older than this run’s date"
        " (run 00aa11bb22cc33dd, published 2025-06-01 04:40 UTC)." in text
    )
    critical, others = text.find("the newest order is no older than 3 days"), text.find("addresses contain")
    assert 0 < critical < others
    assert not {"segments", "profiles", "migration", "overlap", "drift"} & stopped_page.sections.keys()
    assert stopped_page.text("quality").find("✕ failed: critical") < stopped_page.text("quality").find("▲ failed")
    assert "None" not in " ".join(stopped_page.sections.values())


def test_a_stopped_first_run_says_that_there_is_nothing_yet(tmp_path: Path) -> None:
    parsed = ParsedPage(render(collect(stopped_run(tmp_path, previous=False))))
    assert "Nothing has been published so far: readers have no tables yet." in parsed.text("summary")


@pytest.mark.parametrize(
    ("age", "said"), [(1, "1 day older"), (0, "of the same date as this run"), (-31, "31 days newer")]
)
def test_ages(published_data: ReportData, tmp_path: Path, age: int, said: str) -> None:
    stopped = collect(stopped_run(tmp_path))
    assert stopped.run.standing is not None
    run = replace(stopped.run, standing=replace(stopped.run.standing, age_days=age))
    assert said in ParsedPage(render(replace(published_data, run=run))).text("summary")


def test_an_empty_warehouse_still_gives_a_page(tmp_path: Path) -> None:
    parsed = ParsedPage(render(collect(made_run.start_run(tmp_path, previous=None))))
    assert "This run is not published yet" in parsed.text("summary")
    assert "No check was run." in parsed.text("quality")
    assert "None" not in " ".join(parsed.sections.values())


def test_sixty_segments_fit(tmp_path: Path) -> None:
    run = standard_run(tmp_path, names=SIXTY, customers=400)
    parsed = ParsedPage(render(collect(run)))
    assert "No two segments have a customer in common." in parsed.text("overlap")
    assert parsed.text("segments").count("with a rather long name") >= 60
    heat_map = next(item for item in parsed.drawings if "profile-micro" in item.get("aria-labelledby", ""))
    assert sum("cell" in element.get("class", "").split() for element in heat_map) == 60 * 14
    assert 'class="scroll tall"' in parsed.html


def test_the_page_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    assert write_page("one", folder) == folder / "index.html"
    with (folder / "index.html").open() as reader:
        write_page("two", folder)
        assert reader.read() == "one", "a reader who has the page open keeps it whole"
    assert (folder / "index.html").read_text() == "two"
    assert [path.name for path in folder.iterdir()] == ["index.html"]
    assert stat.S_IMODE((folder / "index.html").stat().st_mode) == 0o644


def test_a_failed_write_leaves_the_page_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_page("one", tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_page("two", tmp_path)
    assert caught.value.where == str(tmp_path / "index.html")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "one"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(OutputError, match="cannot write the report"):
        write_page("one", tmp_path / "report")


def test_styles_of_drawings_are_defined(published_page: ParsedPage) -> None:
    """A class that the style sheet does not know would be drawn black."""
    style = published_page.html.partition("<style>")[2].partition("</style>")[0]
    used = {
        name
        for drawing in published_page.drawings
        for element in drawing.iter()
        for name in element.get("class", "").split()
    }
    # These have the look of any text or mark.
    plain = {"label", "none", "node"}
    covered = {name for name in used if name.startswith(("on-step-", "on-jaccard-"))}
    assert {name for name in used - plain - covered if not re.search(rf"\.{name}\b", style)} == set()
