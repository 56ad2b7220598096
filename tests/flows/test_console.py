"""What is printed is what was written: values of users are no markup."""

from __future__ import annotations

import pytest

from flows import console
from tasks.config.errors import UsageError


def test_a_value_between_colons_is_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(UsageError("there is no segment ':x:b'", hint="see [bold] :warning: c"), as_json=False)
    console.out.print('{"name": ":x:"}', markup=False)
    printed = capsys.readouterr()
    assert "there is no segment ':x:b'" in printed.err
    assert "see [bold] :warning: c" in printed.err
    assert printed.out == '{"name": ":x:"}\n'
