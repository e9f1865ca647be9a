"""A circuit breaker: closed, it counts how calls end; open, it cuts them off at once; half-open, it lets
a few through to see whether the other side is back.

`crates/platform/src/breaker.rs` says why it is made of atomic increments alone; the numbers and their
names are the same.
"""

from .env import tell

# Parts that the window slides by.
_BUCKETS = 10
# In a bucket's number: a call, and a failed one more.
_CALL, _FAILED = 1, 1 << 32
# In the number of a half-open state: one that asked to be let through, a probe that came back well, one
# that did not.
_ASKED, _PASSED, _BROKE = 1, 1 << 32, 1 << 48
# Probes that have not come back after so many times the open state's length are lost.
_LOST = 3
# Whose turn it is to change the state: the first, and should it have died, one in so many.
_TURNS = 64


class Breaker:
    """The breaker of one neighbour."""

    def __init__(self, env, target):
        self._env, self._target = env, target

    def admit(self):
        """Whether a call may be made now: what `report` wants to know of it, or None where it is cut
        off."""
        try:
            return self._ask_for_pass()
        except OSError as error:
            tell(f"the breaker of {self._target} does not work: {error}")
            # Its numbers are statistics: without them, calls go through uncounted.
            return lambda is_good: None

    def report(self, with_pass, is_good):
        """Counts how a call ended that was let through."""
        try:
            with_pass(is_good)
        except OSError as error:
            tell(f"the breaker of {self._target} does not work: {error}")

    def _ask_for_pass(self):
        state = self._counted("state")
        if state <= 0:
            return lambda is_good: self._count_call(state, is_good)
        now, opened = self._env.host.now(), max(self._env.number("breaker_open_ms", 5_000), 1)
        # A time to come was set before the clock went back.
        if not 0 <= now - state < opened:
            asked = self._count(f"probes:{state}", _ASKED) % _PASSED
            if asked <= self._env.number("breaker_probes", 3):
                return lambda is_good: self._count_probe(state, is_good)
            if abs(now - state) >= _LOST * opened:
                self._turn(state, now - opened, "half-open again: its probes were lost")
        self._count("cut-off", 1)
        return None

    def _count_call(self, state, is_good):
        now = self._env.host.now()
        bucket = now // self._width()
        if self._count(f"calls:{bucket}", _CALL + (0 if is_good else _FAILED)) % _FAILED == _CALL:
            self._tidy(bucket)
        # A call that went well is no reason to cut off the next.
        if is_good:
            return
        calls, failed = self._window(state, bucket)
        enough = calls >= self._env.number("breaker_calls", 10)
        if enough and failed * 100 >= self._env.number("breaker_share", 50) * calls:
            self._turn(state, now, f"open: {failed} of {calls} calls failed")

    def _count_probe(self, state, is_good):
        counted = self._count(f"probes:{state}", _PASSED if is_good else _BROKE)
        if not is_good:
            if counted // _BROKE == 1:
                self._turn(state, self._env.host.now(), "open: a probe failed")
        elif counted < _BROKE and counted // _PASSED == self._env.number("breaker_probes", 3):
            self._turn(state, -self._env.host.now(), "closed: the probes passed")

    def _turn(self, state, following, how):
        """Changes the state, if it is still the same and nobody else is about to."""
        ticket = f"turn:{state}"
        if self._count(ticket, 1) % _TURNS != 1 or self._counted("state") != state:
            return
        self._count("state", following - state)
        tell(f"the breaker of {self._target} is {how}")
        self._forget(ticket)
        self._forget(f"probes:{state}")

    def _window(self, state, last):
        """Calls in the window, and how many failed. What was before the breaker closed is over."""
        first = max(last - _BUCKETS + 1, -min(state, 0) // self._width())
        counts = [self._counted(f"calls:{bucket}") for bucket in range(first, last + 1)]
        return sum(count % _FAILED for count in counts), sum(count // _FAILED for count in counts)

    def _tidy(self, bucket):
        """Removes buckets that the window has left, from where the last one did that did so."""
        last = self._counted("tidied")
        for old in range(max(last - _BUCKETS + 1, 0), min(last, bucket - _BUCKETS) + 1):
            self._forget(f"calls:{old}")
        self._count("tidied", bucket - last)

    def _width(self):
        return max(self._env.number("breaker_window_ms", 10_000) // _BUCKETS, 1)

    def _key(self, name):
        return self._env.key(f"breaker:{self._target}:{name}")

    def _count(self, name, delta):
        return self._env.host.count(self._key(name), delta)

    def _counted(self, name):
        return self._env.host.counted(self._key(name))

    def _forget(self, name):
        self._env.host.forget(self._key(name))
