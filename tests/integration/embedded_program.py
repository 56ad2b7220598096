"""Runs a small flow as the command line runs the real one: the child process of `test_embedded.py`.

Usage: `python embedded_program.py SCENARIO`. What it prints is what the scenario itself prints; anything more is noise.
With `RESEGMENT_TEST_AUDIT` set to a file, each socket, process and file written is listed there, one a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.embedded import embedded_prefect, prepare_environment

TASKS = 25
FAILING = 7
FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.posix_spawn")


def audit(event: str, args: tuple[Any, ...]) -> None:
    """Note what an embedded run must not do, and each file it creates or opens to write."""
    if (event in FORBIDDEN or event == "os.mkdir") and args[0] != "/sbin/ldconfig":  # ctypes.util, which trio imports
        SEEN.append(f"{event} {args}")
    elif event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and args[0] != os.devnull:
        SEEN.append(f"open {args[0]}")


SEEN: list[str] = []
if "RESEGMENT_TEST_AUDIT" in os.environ:
    sys.addaudithook(audit)

prepare_environment()

from prefect import flow, runtime, task  # noqa: E402 - the environment comes first
from prefect.artifacts import create_markdown_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402

STORY: list[str] = []


def say(text: object) -> None:
    """Print a line at once, for a test may be waiting for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note_state(thing: Any, run: Any, state: Any) -> None:  # noqa: ANN401 - a hook gets flows and tasks alike
    """Write down a state that a run entered."""
    STORY.append(f"{type(thing).__name__.lower()} {thing.name} {state.name} run_count={run.run_count}")


NOTE: list[Any] = [note_state]


@task(cache_policy=NO_CACHE, persist_result=False)
def step(number: int, failing: int | None = None) -> int:
    """Give back the number, or raise."""
    if number == failing:
        message = f"step {number} cannot be done"
        raise ValueError(message)
    return number


@task(cache_policy=NO_CACHE, persist_result=False)
def wait() -> None:
    """Say so, and sleep until the test ends it."""
    say("waiting")
    time.sleep(60)


@flow(persist_result=False)
def quick(failing: int | None = None) -> int:
    """As many tasks as a refresh has, one after the other in the main thread."""
    return sum(step(number, failing) for number in range(TASKS))


@flow(persist_result=False)
def slow() -> None:
    """One task that does not end by itself."""
    step(0)
    wait()


@task(cache_policy=NO_CACHE, retries=2, on_running=NOTE, on_completion=NOTE, on_failure=NOTE)
def shaky() -> int:
    """Fail until the third try."""
    tries: int = runtime.task_run.run_count
    if tries <= 2:
        message = f"try {tries}"
        raise RuntimeError(message)
    return tries


@task(cache_policy=NO_CACHE, tags=["tagged"], on_completion=NOTE, on_failure=NOTE)
def tagged(*, works: bool) -> str:
    """Run under a tag, for which Prefect asks after a concurrency limit."""
    if not works:
        message = "not yet"
        raise RuntimeError(message)
    create_markdown_artifact("done", key="note")
    return "done"


@flow(on_running=NOTE, on_completion=NOTE, on_failure=NOTE)
def inner(number: int) -> int:
    """A subflow."""
    return step.submit(number).result() + 1


@flow(
    retries=1,
    retry_delay_seconds=1,
    flow_run_name="story-of-{name}",
    on_running=NOTE,
    on_completion=NOTE,
    on_failure=NOTE,
)
def story(name: str) -> None:
    """Fail once, then use each part of the engine that a flow of ours may use."""
    STORY.append(f"hello {name} from {runtime.flow_run.name}, try {runtime.flow_run.run_count}")
    STORY.append(f"shaky {shaky()}")
    tagged(works=runtime.flow_run.run_count > 1)
    STORY.append(f"inner {inner(1)}")
    failed = tagged(works=False, return_state=True)
    STORY.append(f"{failed.type.value}: {failed.message}")


def run(scenario: str) -> int:
    """Run one scenario and return the exit code."""
    try:
        match scenario:
            case "quick":
                say(quick())
            case "failing":
                quick(FAILING)
            case "slow":
                slow()
            case "story":
                say(quick())
                story("two")
                say(json.dumps(STORY))
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except Exception as error:  # noqa: BLE001 - as the command line does
        say(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    with embedded_prefect():
        code = run(sys.argv[1])
    if "RESEGMENT_TEST_AUDIT" in os.environ:
        seen = list(SEEN)
        Path(os.environ["RESEGMENT_TEST_AUDIT"]).write_text("\n".join(seen), encoding="utf-8")
    sys.exit(code)
