"""The page of commands: their help as a terminal shows it, and the exit codes.

Owns: its layout. Does not own the arguments (`flows/arguments.py`) or the errors (`tasks/config/errors.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import os
import re
from collections.abc import Iterator

from flows import cli
from flows.arguments import build_parser
from generator.markdown import code, grid
from tasks.config import errors
from tasks.config.errors import ResegmentError

_EXIT_CODES = re.compile(r"^Exit codes: (?P<codes>.+?)\.$", re.DOTALL | re.MULTILINE)


def commands_page() -> Iterator[str]:
    """The help of every command, and the exit codes.

    Raises:
        ValueError: the docstring of `flows/cli.py` does not tell the exit codes.
    """
    # argparse folds lines as wide as the terminal, and newer ones colour them: here as on one page everywhere.
    os.environ.update(COLUMNS="100", NO_COLOR="1")
    parser = build_parser()
    yield _block(parser.format_help())
    for names in _commands(parser):
        yield f"## resegment {' '.join(names)}"
        yield _block(_help(parser, names))
    yield "## Exit codes"
    yield grid(("code", "meaning"), _exit_codes())
    yield "With `--json` an error is an object with the keys `error`, `message`, `where`, `hint`; `error` is one of:"
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ResegmentError)]
    yield grid(
        ("error", "exit code", "meaning"), ((code(kind.__name__), kind.exit_code, _said(kind)) for kind in kinds)
    )


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _commands(parser: argparse.ArgumentParser, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names of every command, those of a group after the group's."""
    # argparse has no public way to ask for them.
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action.choices, dict):
            for name, command in action.choices.items():
                yield (*above, name)
                yield from _commands(command, (*above, name))


def _help(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
        parser.parse_args([*names, "--help"])
    return shown.getvalue()


def _exit_codes() -> list[list[str]]:
    told = _EXIT_CODES.search(inspect.getdoc(cli) or "")
    if told is None:
        message = "flows/cli.py: the docstring has no paragraph `Exit codes: 0 …; 1 ….`"
        raise ValueError(message)
    return [part.split(maxsplit=1) for part in told["codes"].split(";")]


def _said(kind: type[ResegmentError]) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n", maxsplit=1)[0]
