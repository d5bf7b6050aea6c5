"""A progress bar on stderr for whatever takes longer than a second."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

_QUIET_SECONDS: Final = 1.0
_REDRAW_SECONDS: Final = 0.1
_BAR: Final = 24


class Progress:
    """Counts steps of a task: `with Progress("Posting readings", total=n) as p: p.step()`.

    Silent for the first second. On a terminal it then redraws one line; elsewhere (a log, a CI)
    it prints one line for about every tenth of the work. Never writes to stdout, so that piped
    output stays clean. `total` may be 0 where there turns out to be nothing to do.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._total = max(0, total)
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._tty = self._stream.isatty()
        self._done = 0
        self._start = clock()
        self._drawn_at: float | None = None
        self._tenth = 0
        self._length = 0

    def __enter__(self) -> Self:
        self._start = self._clock()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn_at is None:
            return
        seconds = self._clock() - self._start
        word = "done" if error is None else f"stopped at {self._done} of {self._total}"
        text = f"{self._label}: {word}, {seconds:.1f} s"
        if self._tty:
            self._overwrite(text)
            self._write("\n")
        else:
            self._write(text + "\n")

    def step(self, count: int = 1) -> None:
        """`count` more units of work are done."""
        self._done = min(self._total, self._done + max(0, count))
        now = self._clock()
        if now - self._start < _QUIET_SECONDS:
            return
        if self._tty:
            if self._drawn_at is None or now - self._drawn_at >= _REDRAW_SECONDS:
                self._drawn_at = now
                self._overwrite(self._bar(now))
            return
        tenth = self._done * 10 // self._total if self._total else 10
        if tenth > self._tenth and tenth < 10:
            self._tenth = tenth
            self._drawn_at = now
            self._write(f"{self._label}: {tenth * 10} %, {self._done} of {self._total}\n")

    def _bar(self, now: float) -> str:
        filled = self._done * _BAR // self._total if self._total else _BAR
        percent = self._done * 100 // self._total if self._total else 100
        left = ""
        if 0 < self._done < self._total:
            rest = (now - self._start) * (self._total - self._done) / self._done
            left = f"  {rest:.0f} s left"
        bar = "█" * filled + "░" * (_BAR - filled)
        return f"{self._label}  {bar} {percent:3d} %  {self._done}/{self._total}{left}"

    def _overwrite(self, text: str) -> None:
        # a line that wraps could not be redrawn
        text = text[: shutil.get_terminal_size().columns - 1]
        self._write("\r" + text.ljust(self._length))
        self._length = len(text)

    def _write(self, text: str) -> None:
        # a closed or full stderr must never stop the work that is being counted
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError, UnicodeEncodeError):
            self._tty = False
