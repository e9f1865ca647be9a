"""What a request says of itself and of its client: its cause, its deadline, its origin, its quota."""

import re
from datetime import datetime, timezone

from .env import Cause, tell
from .event import continued, dumps
from .http import Problem
from .index import fnv1a

_CORRELATION = re.compile(r"[!-~]{1,128}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
# Headers that a page's script may send, and read.
_ALLOWED = (
    "content-type, if-match, if-none-match, idempotency-key, traceparent, x-correlation-id, "
    "x-request-deadline"
)
_EXPOSED = (
    "etag, location, madang-lag, ratelimit, ratelimit-policy, retry-after, x-correlation-id"
)
# Counts of requests that are kept at most: with more clients the oldest are forgotten.
_KEPT = 16_384


def cause(host, headers):
    """What a request is the cause of: its own id, its saga's, its trace."""
    id = f"{host.random():016x}{host.random():016x}"
    brought = headers.get("x-correlation-id", "")
    correlation = brought if _CORRELATION.fullmatch(brought) else id
    return Cause(id, correlation, continued(headers.get("traceparent"), host.random))


def check_deadline(headers, now):
    """Raises `Problem` for a deadline (`X-Request-Deadline`) that is none, or has passed. Nothing here
    asks a neighbour, so there is nothing else to bound by it."""
    sent = headers.get("x-request-deadline")
    if sent is None:
        return
    try:
        if not _TIME.fullmatch(sent.strip()):
            raise ValueError("it must be RFC 3339 in UTC")
        seconds, _, fraction = sent.strip()[:-1].partition(".")
        time = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc).timestamp() * 1000
        time += int(fraction.ljust(3, "0")[:3] or 0)
    except ValueError as error:
        detail = f"X-Request-Deadline: {dumps(sent)} is no time such as 2026-11-21T06:00:00.250Z"
        raise Problem(400, f"{detail}: {error}") from error
    if time <= now:
        raise Problem(504, f"the request's deadline, {sent}, had passed when it arrived")


def answer_cors(env, headers, allow, response):
    """Adds to an answer what a browser asks for, with the origins of the variable `cors_origins`."""
    origin = headers.get("origin")
    if origin is None:
        return
    listed = env.host.variable("cors_origins")
    origins = [one.strip() for one in ("*" if listed is None else listed).split(",")]
    named = "*" if origins == ["*"] else origin if origin in origins else None
    if named is None:
        response.add("vary", "origin")
        return
    response.add("access-control-expose-headers", _EXPOSED)
    if named != "*":
        response.add("vary", "origin")
    if allow and "access-control-request-method" in headers:
        response.add("access-control-allow-methods", allow)
        response.add("access-control-allow-headers", _ALLOWED)
        response.add("access-control-max-age", 3600)
    response.add("access-control-allow-origin", named)


class Quota:
    """A limit of requests for each client address, off unless the variable `rate_limit` sets it.
    Counted in fixed windows in the key-value store; where that fails, nobody is limited."""

    @classmethod
    def count(cls, env, headers, collection):
        """Counts a request. None: nothing is limited."""
        limit = env.number("rate_limit", 0)
        if not limit:
            return None
        window = max(env.number("rate_limit_window_s", 60), 1)
        now = env.host.now() // 1000
        client = _client(headers, env.number("trusted_proxies", 0))
        try:
            used = _count(env, f"{collection} {client} {now // window}")
        except OSError as error:
            tell(f"the rate limit does not work: {error}")
            return None
        return cls(collection, limit, window, used, window - now % window)

    def __init__(self, collection, limit, window, used, reset):
        self._collection, self._limit, self._window = collection, limit, window
        self._used, self._reset = used, reset

    def check(self):
        """Raises `Problem` where this request is one too many."""
        if self._used > self._limit:
            too_many = f"more than {self._limit} requests in {self._window} s"
            raise Problem(429, f"{too_many}: try again in {self._reset} s")

    def tell(self, response):
        """Adds to an answer what a client needs to stay within the limit."""
        name, left = f'"{self._collection}"', max(self._limit - self._used, 0)
        response.add("ratelimit-policy", f"{name};q={self._limit};w={self._window}")
        response.add("ratelimit", f"{name};r={left};t={self._reset}")
        if response.status == 429:
            response.add("retry-after", self._reset)


def _count(env, what):
    """One more of `what`. The count stands under a number, so that a ring of numbers can say which
    counts there are, and the oldest makes room for the newest."""

    def name(of):
        return env.key(f"rate:{of}")

    number = fnv1a(what.encode()) >> 2
    used = env.host.count(name(number), 1)
    if used == 1:
        slot = name(f"slot:{env.host.count(name('slots'), 1) % _KEPT}")
        oldest = env.host.counted(slot)
        if oldest:
            env.host.forget(name(oldest))
        env.host.count(slot, number - oldest)
    return used


def _client(headers, trusted_proxies):
    """The client's address; behind proxies that are trusted, the one that the outermost of them saw."""
    seen = headers.get("spin-client-addr", "").rpartition(":")[0].strip("[]")
    forwarded = headers.get("x-forwarded-for", "").split(",")
    hops = [hop.strip() for hop in forwarded if hop.strip()] + [seen]
    return _network(hops[max(len(hops) - 1 - trusted_proxies, 0)])


def _network(address):
    """The first half of an IPv6 address, since a client has all of it; other text as it is."""
    if ":" not in address or "." in address:
        return address
    head, _, tail = address.partition("::")
    head, tail = ([group for group in part.split(":") if group] for part in (head, tail))
    zeros = ["0"] * (8 - len(head) - len(tail))
    return ":".join((head + zeros + tail)[:4])
