"""The errors a user can meet, each with the exit code the command line gives it.

Owns: the exception classes. Does not own: printing them (`flows/cli.py`).
"""

from __future__ import annotations

from typing import ClassVar


class ResegmentError(Exception):
    """A problem told to the reader: what is wrong, where, and what to do.

    Args:
        message: what is wrong, with the value met and what was expected.
        where: the place, such as ``resegment.yaml:12`` or ``orders.csv, row 7``.
        hint: what to do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        """Keep the parts apart so that `--json` can print them as fields."""
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line, or two where there is a hint."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  → {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by parts: keyword-only arguments are lost otherwise."""
        return (_rebuild, (type(self), self.message, self.where, self.hint))


def _rebuild(kind: type[ResegmentError], message: str, where: str | None, hint: str | None) -> ResegmentError:
    return kind(message, where=where, hint=hint)


class UsageError(ResegmentError):
    """The command line was used wrongly."""

    exit_code = 2


class WorkspaceError(UsageError):
    """The workspace file, a rule, a SQL model or an expectation is wrong; nothing has been run."""


class SourceError(ResegmentError):
    """A source could not be read at all (a bad row is quarantined instead)."""


class ConnectionLostError(SourceError):
    """A database could not be reached, or was lost on the way: asking again may help."""


class OutputError(ResegmentError):
    """The output folder cannot be written: permission, space, or another run holds it."""


class DamageError(OutputError):
    """A file of the output folder is not what was written there: damaged, gone, or put back from an older state."""


class DeliveryError(ResegmentError):
    """A target did not take a message; what the message is about stands all the same."""


class ServerError(ResegmentError):
    """The Prefect server that runs are to be recorded on cannot be reached."""


class SqlError(ResegmentError):
    """DuckDB refused a statement; carries the model it came from."""


class StatisticsError(ResegmentError):
    """A statistic was asked for on data that cannot give it."""


class GateFailed(ResegmentError):  # noqa: N818 - a verdict, not a malfunction
    """A critical check failed: the run stops and the last good publication stays."""

    exit_code = 3


class DriftAlarm(ResegmentError):  # noqa: N818 - a verdict, not a malfunction
    """The run published, and the workspace asks for an exit code when drift alarms."""

    exit_code = 4
