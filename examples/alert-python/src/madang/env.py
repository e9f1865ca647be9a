"""What a context has around it while it works: the host's ports, its own names, what made it act."""

import re
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Protocol

_NUMBER = re.compile(r"\+?[0-9]+")
_MOST = 2**64 - 1


@dataclass(frozen=True)
class Answered:
    """What an HTTP request to the outside brought: the status, and `Retry-After` in seconds."""

    status: int
    retry_after: int | None = None


class Host(Protocol):
    """The host, as far as the twin uses it. In a component it is Spin (`spin.py`); tests bring theirs."""

    def redis(self, command: str, words: list[bytes]) -> list[None | int | bytes]:
        """Runs a Redis command; nested answers arrive flattened. Raises `OSError` with what went wrong."""

    def send(self, url: str, headers: dict[str, str], body: bytes, limits: "Limits") -> Answered:
        """Sends a POST and waits for the answer. Raises `OSError` with why there is none."""

    def count(self, key: str, delta: int) -> int:
        """Adds to a number in the key-value store, atomically, and answers the sum. Raises `OSError`."""

    def counted(self, key: str) -> int:
        """A number of the key-value store; 0 where it was never added to. Raises `OSError`."""

    def forget(self, key: str) -> None:
        """Removes a number of the key-value store. Raises `OSError`."""

    def variable(self, name: str) -> str | None:
        """A Spin variable of this component."""

    def now(self) -> int:
        """The wall clock, in milliseconds since 1970."""

    def random(self) -> int:
        """64 random bits."""


@dataclass(frozen=True)
class Limits:
    """How long a request may take, in milliseconds: to connect, until the answer begins, as a whole."""

    connect: int
    first_byte: int
    whole: int


@dataclass(frozen=True)
class Cause:
    """What made a context act: the command or event, the saga's first command, the W3C trace."""

    id: str = ""
    correlation: str = ""
    traceparent: str = ""


@dataclass(frozen=True)
class Env:
    """The surroundings of one piece of work of a context (`alert`) in a system (`lecture`)."""

    host: Host
    system: str
    context: str
    cause: Cause = Cause()

    def caused_by(self, cause):
        """The same surroundings for another cause."""
        return replace(self, cause=cause)

    def key(self, name):
        """A key of this context: all keys of a system share one hash tag, so one slot."""
        return f"{{{self.system}}}:{self.context}:{name}"

    @property
    def log_key(self):
        """The system's log."""
        return f"{{{self.system}}}:log"

    @property
    def head_key(self):
        """The number of the log's last event."""
        return f"{{{self.system}}}:log:head"

    @property
    def dead_key(self):
        """The dead letters of this context."""
        return f"{{{self.system}}}:dead:{self.context}"

    def number(self, variable, default):
        """A number from a variable, or its default where it is empty or no number."""
        text = self.host.variable(variable) or ""
        if not text:
            return default
        number = parse_number(text.strip())
        if number is None:
            tell(f"variable {variable} is {text!r}, no number: using {default}")
            return default
        return number

    def unique(self):
        """32 hexadecimal digits that nobody has had before."""
        return f"{self.host.random():016x}{self.host.random():016x}"


def parse_number(text):
    """A whole number from 0 up that fits 64 bits, or None."""
    if not _NUMBER.fullmatch(text) or int(text) > _MOST:
        return None
    return int(text)


def rfc3339(milliseconds):
    """A time as RFC 3339 has it, in UTC, with milliseconds."""
    seconds = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return f"{seconds:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def tell(line):
    """A line for the component's log."""
    print(line, file=sys.stderr, flush=True)
