"""Every wart that the README of the public sets lists is caught or handled, counted by hand and in the pipeline."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.integration.conftest import Published
from tests.integration.wart_looks import REPOSITORY, Setting, Wart
from tests.integration.warts import CASES, SETTINGS, Met, listed_warts, meet, page

MeetWart = Callable[[Wart], Met]


@pytest.fixture(scope="module")
def met(test_data: Path, tmp_path_factory: pytest.TempPathFactory, published: Published) -> MeetWart:
    """What became of a wart; the runs of a setting are made when its first wart is asked for.

    Of a wart that is followed to the published tables, the run is that of `test_examples.py`.
    """

    @cache
    def of_setting(setting: Setting) -> dict[Wart, Met]:
        output = tmp_path_factory.mktemp("warts") / "out"
        if setting.until == "published":
            # A look holds the writer's lock, and other workers read what is shared meanwhile.
            shutil.copytree(published(Path(setting.folder).name), output)
        return {one.wart: one for one in meet(setting, test_data, output)}

    return lambda wart: of_setting(wart.setting)[wart]


@pytest.mark.real_data
@pytest.mark.parametrize("wart", CASES, ids=lambda wart: f"{wart.data_set}: {wart.what}")
def test_a_wart_is_caught_or_handled(met: MeetWart, wart: Wart) -> None:
    one = met(wart)
    assert one.count > 0, "there is no such wart in the file"
    assert one.seen == one.expected
    assert one.told
    if wart.how == "caught":
        assert one.told != "nothing"


@pytest.mark.real_data
def test_every_wart_of_the_readme_has_its_case_and_no_other(test_data: Path) -> None:
    listed = listed_warts((test_data / "README.md").read_text(encoding="utf-8"))
    assert len(listed) > 10
    cases: dict[str, set[str]] = {}
    for case in CASES:
        cases.setdefault(case.data_set, set()).add(case.listed)
    assert cases == {name: set(warts) for name, warts in listed.items()}


@pytest.mark.real_data
def test_the_page_is_what_the_runs_say(met: MeetWart) -> None:
    assert (REPOSITORY / "docs" / "warts.md").read_text(encoding="utf-8") == page([met(case) for case in CASES])


def test_settings_name_workspaces_that_there_are() -> None:
    for setting in SETTINGS:
        assert (REPOSITORY / setting.folder / "resegment.yaml").is_file()
