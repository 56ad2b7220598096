"""Something done in a fork of this process, and killed there: libraries are imported once for all of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable


def ended(action: Callable[[], object], seconds: float | None = None) -> bool:
    """Do something in a fork, killed after some seconds; whether it ended by itself. What it prints is dropped."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    end = time.monotonic() + (seconds or 3600)
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                message = f"the fork ended with {status}"
                raise RuntimeError(message)
            return True
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False
