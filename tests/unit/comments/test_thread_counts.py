"""One thread or two: shares, temperatures and figures are the same to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import hashlib
from tasks.comments.learning import learn
from tasks.config.comments import Comments
from tests.unit.comments.made_comments import made_comments

made = made_comments(3000, seed=1, clear_share=0.6)
lesson = learn([comment.text for comment in made], [comment.sentiment for comment in made], Comments())
assert lesson.model
weights = lesson.model.weights.regression.coef_.tobytes()
shares = lesson.model.shares([comment.text for comment in made_comments(2000, seed=2)]).tobytes()
print(hashlib.sha256(weights + shares + repr(lesson.evaluation).encode()).hexdigest())
"""


def digest(threads: str) -> str:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    environment = os.environ | dict.fromkeys(names, threads)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_is_learnt_does_not_depend_on_the_number_of_threads() -> None:
    single = digest("1")
    assert len(single) == 64
    assert digest("2") == single
