"""A consumer is a cursor: it reads the system's log from where it stands, and every step of it is a
commit that checks the cursor and moves it, together with the effects."""

from dataclasses import dataclass

from .env import rfc3339, tell
from .errors import Conflict, Fault, Rejected, Unavailable, text_of
from .event import Envelope, dumps, parse
from .redis import CLAIM, RELEASE, number, run, script, text
from .work import Overtaken, Work, transact

# How long nobody else starts on the same batch, in milliseconds; each batch renews it. Correctness
# never rests on it: it saves work done in vain.
_LEASE = 2000
# Events read at once.
_BATCH = 64
# How long one drain goes on before it leaves the rest to the next, in milliseconds.
_BUDGET = 10_000
# What a try weighs where tries are counted.
_TRY = 10
# How often a policy is tried unless the variable `max_attempts` says otherwise.
_MAX_ATTEMPTS = 5


class Stuck(Exception):
    """It cannot go on for now, and why. The log waits."""


class Policies:
    """What a context does when it hears of events: a function of a WIT record and the work, for each
    type of record. A policy stages; the commit is not its own."""

    def __init__(self, policies):
        self._policies = {kind.__name__: (kind, policy) for kind, policy in policies.items()}

    @property
    def kinds(self):
        """The names of the events that are heard."""
        return list(self._policies)

    def apply(self, envelope, work):
        """Has the event's policy stage what follows from it."""
        if envelope.kind not in self._policies:
            raise Fault(f"no policy here hears {envelope.kind}")
        kind, policy = self._policies[envelope.kind]
        policy(envelope.fact(kind), work)


@dataclass(frozen=True)
class _Entry:
    """One event in the log."""

    number: int
    kind: str
    json: str


def drain(env, policies):
    """Handles everything in the log that this context has not handled yet, or leaves it to whoever is
    at work on it. Raises `Stuck` where it cannot go on, `Unavailable` without Redis."""
    began, token = env.host.now(), env.unique()
    while True:
        state, *replies = _claim(env, policies, token)
        state = text(state)
        if state in ("idle", "busy"):
            return
        if state == "waiting":
            raise Stuck(text(replies[0]))
        if state == "missing":
            raise Stuck(f"the log has no event {text(replies[0])}")
        at, weight, reason = number(replies[0]), number(replies[1]), text(replies[2])
        entries = list(_entries(replies[3:]))
        for entry in entries:
            # The next event's first try, if it begins at once.
            step = (at, entry.number, 0 if entry is entries[-1] else _TRY)
            try:
                _handle(env, policies, entry, step, weight // _TRY, reason)
            except Overtaken:
                return
            except Exception as error:
                outcome, reason = _outcome(entry.kind, error)
                _release(env, token, outcome, reason, weight)
                tell(f"{env.context}: the drain stops {reason}")
                raise Stuck(reason)
            at, weight = entry.number, _TRY
        if env.host.now() - began > _BUDGET:
            return _release(env, token, "pause", "", 0)


def position(env):
    """The number of the last event that was handled."""
    return number(run(env, "GET", env.key("cursor"))[0])


def head(env):
    """The number of the log's last event."""
    return number(run(env, "GET", env.head_key)[0])


def dead_letters(env):
    """The dead letters, the oldest first."""
    return sorted(letters(env, env.dead_key), key=lambda letter: letter.get("number") or 0)


def letters(env, key):
    """What a hash keeps of what could not be done, in no order."""
    return list(objects(run(env, "HGETALL", key)[1::2]))


def objects(replies):
    """The JSON objects among replies."""
    parsed = (_json(text(reply)) for reply in replies)
    return (value for value in parsed if isinstance(value, dict))


def replay(env, policies, number):
    """Handles a dead letter once more; it goes in the same commit that has the effects. Answers False
    where there is no such letter; what the policy raises leaves it there."""
    key, letter = env.dead_key, text(run(env, "HGET", env.dead_key, number)[0])
    if not letter:
        return False
    envelope = Envelope(parse(letter)["event"])

    def stage(work):
        policies.apply(envelope, work)
        work.check(key, str(number), letter)
        work.command("HDEL", key, number)

    transact(env.caused_by(envelope.cause()), stage)
    return True


def drop_from(env, key, field):
    """Removes one of what a hash keeps. Answers False where there is none."""
    return run(env, "HDEL", key, field) == [1]


def _claim(env, policies, token):
    keys = [env.log_key, env.head_key, env.key("cursor"), env.key("lease"), env.key("tries")]
    # A try that ended without a word weighs as much as another, and each event is tried alone.
    weights = [_TRY, _TRY, _TRY]
    return script(env, CLAIM, keys, token, _LEASE, _BATCH, *weights, *policies.kinds)


def _release(env, token, outcome, reason, weight):
    keys = [env.key("cursor"), env.key("lease"), env.key("tries")]
    script(env, RELEASE, keys, token, outcome, reason, _TRY, weight)


def _outcome(kind, error):
    waits = isinstance(error, (Unavailable, Conflict))
    return "unavailable" if waits else "fault", f"on {kind}: {text_of(error)}"


def _entries(replies):
    """Reads `number, type, JSON, …`."""
    for at in range(0, len(replies), 3):
        yield _Entry(number(replies[at]), text(replies[at + 1]), text(replies[at + 2]))


def _handle(env, policies, entry, step, tries, reason):
    if tries > env.number("max_attempts", _MAX_ATTEMPTS):
        work = Work(env, step)
        _bury(work, entry, tries - 1, reason or "the component ended without an answer")
        return work.commit()
    envelope = Envelope.read(entry.number, entry.json)
    env = env.caused_by(envelope.cause())
    while True:
        work = Work(env, step)
        try:
            policies.apply(envelope, work)
        except Rejected as rejected:
            work = Work(env, step)
            note = dumps({"event": entry.number, "reason": rejected.detail})
            work.command("XADD", "refusals", "MAXLEN", "~", 1000, "*", "n", note)
        try:
            return work.commit()
        except Conflict:
            continue


def _bury(work, entry, tries, reason):
    """Puts an event to the dead letters, with why."""
    event = _json(entry.json)
    letter = {"number": entry.number, "type": entry.kind, "event": event, "tries": tries}
    letter |= {"reason": reason, "time": rfc3339(work.env.host.now())}
    tell(f"{work.env.context}: event {entry.number} goes to the dead letters: {reason}")
    work.command("HSET", work.env.dead_key, entry.number, dumps(letter))


def _json(text):
    """JSON, or the text itself where it is none."""
    try:
        return parse(text)
    except ValueError:
        return text
