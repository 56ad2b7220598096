"""Every command that the parser takes has a function, in the module that the command line looks for it in."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from flows.arguments import build_parser
from flows.cli import _MODULES, _command_of


def commands(parser: argparse.ArgumentParser, said: tuple[str, ...] = ()) -> Iterator[tuple[str, argparse.Namespace]]:
    """What is called, with what the command line knows of it; of `model list` that of `list`."""
    below = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    for action in below:
        for name, child in action.choices.items():
            yield from commands(child, (*said, name))
    if not below:
        yield " ".join(said), argparse.Namespace(**{"command": said[0], **parser._defaults})


CALLED = dict(commands(build_parser()))


@pytest.mark.parametrize("words", CALLED)
def test_a_command_has_its_function(words: str) -> None:
    options = CALLED[words]
    module, name = _MODULES.get(options.command, "commands"), getattr(options, "called", options.command)
    try:
        found = _command_of(options)
    except AttributeError:
        pytest.fail(f"write the function {name} in flows/{module}.py, or name its module in _MODULES of flows/cli.py")
    assert found.__doc__, f"flows/{module}.py: {name} says which command it is"


def test_modules_are_of_commands_that_there_are() -> None:
    assert _MODULES.keys() <= {options.command for options in CALLED.values()}
