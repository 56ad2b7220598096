"""What interrupted a statement: DuckDB says only that something did.

Owns: naming it. A signal that comes while DuckDB computes has its handler called by DuckDB, which swallows what the
handler raises and raises a RuntimeError of its own instead: a Ctrl-C would be told as a fault of the program.
"""

from __future__ import annotations

import asyncio
import signal

_SAID = "Query interrupted"


def interruption_behind(error: RuntimeError) -> BaseException | None:
    """What the handler of the signal had raised, or a Ctrl-C in its place; None where `error` is about something else.

    The timeout of a flow is an alarm: one that somebody handles, and that has gone off.
    """
    if str(error) != _SAID:
        return None
    is_handled = callable(signal.getsignal(signal.SIGALRM))
    has_gone_off = signal.getitimer(signal.ITIMER_REAL)[0] == 0
    return asyncio.CancelledError() if is_handled and has_gone_off else KeyboardInterrupt()
