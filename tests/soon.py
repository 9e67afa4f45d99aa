"""Text that was made to be slow to read must end all the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

#: In seconds of CPU. No bar of speed, which is ``make bench ARGS=parsers``: a hundred times what the slowest takes, so
#: that no busy machine reaches it, and far below the minutes of what grows with the square of its length.
MOST_SECONDS = 10.0


@contextmanager
def ends_soon() -> Iterator[None]:
    """Fail where what is done inside takes so much CPU that it must have grown out of proportion to its input."""
    began = time.process_time()
    yield
    taken = time.process_time() - began
    assert taken < MOST_SECONDS, f"{taken:.1f} s of CPU"
