"""A piece of work: what is staged, and the one commit that does all of it or nothing."""

import dataclasses

from . import index
from .errors import Conflict, Fault
from .event import dumps, to_wire
from .pack import pack
from .redis import COMMIT, number, run, script

# How often work is done anew when another writer was faster.
_RETRIES = 20


class Overtaken(Exception):
    """Somebody else has handled this event already: nothing was written."""


class Work:
    """A piece of work that has not begun. With `step`, a consumer's from one event to another, and what
    the tries of the one behind it weigh then: it holds only while the cursor stands where the consumer
    read it."""

    def __init__(self, env, step=None):
        self.env = env
        self.messages = 0
        self._checks, self._commands, self._foreign = [], [], []
        self._step = step
        if step:
            before, after, weight = step
            self.check("cursor", "", before or "")
            self.command("SET", "cursor", after)
            # No trace of this one's failures.
            tries = ["position", after, "count", weight, "told", "", "waits", 0, "reason", ""]
            self.command("HSET", "tries", *tries)

    def create(self, collection, state_of):
        """Creates what `state_of(id)` gives under the collection's next id. A number taken by work
        that fails leaves a gap."""
        id = number(run(self.env, "INCR", self.env.key(f"{collection.name}:next"))[0])
        state = state_of(id)
        item = f"{collection.name}:{id}"
        self.command("HSET", item, "v", 1, "d", dumps(dataclasses.asdict(state)))
        self.command("ZADD", f"{collection.name}:ids", id, id)
        for field, member in index.entries(to_wire(state), id):
            self.command("ZADD", f"{collection.name}:by:{field}", 0, member)

    def command(self, *words):
        """Adds a command to the commit, on a key of this context (without the prefix) or, beginning
        with `{`, on another that it is granted."""
        self._note(words[1])
        self._commands.append(list(words))

    def check(self, key, field, expected):
        """Adds a condition: the key (or its hash's field) holds this, `""` for nothing."""
        self._note(key)
        self._checks += [key, field, expected]

    def commit(self):
        """Writes everything, or nothing.

        Raises `Overtaken` where the step is another's by now, `Conflict` where another writer was
        faster; `Unavailable` without Redis (then it is not known whether it was written).
        """
        env = self.env
        keys = [env.key(""), env.log_key, env.head_key, *self._foreign]
        # Of its lists of checks, events and commands the second is empty: this context tells nothing.
        lists = map(pack, [self._checks, [], self._commands])
        replies = [number(reply) for reply in script(env, COMMIT, keys, env.system, *lists)]
        if replies[:1] == [1]:
            return
        if replies[:1] != [0]:
            raise Fault(f"the commit answered {replies}")
        # The step's check is the first.
        raise Overtaken if self._step and replies[1] == 1 else Conflict

    def _note(self, key):
        if key.startswith("{"):
            self._foreign.append(key)


def transact(env, stage):
    """Does the work that `stage(work)` stages, anew while other writers are faster."""
    for _ in range(_RETRIES):
        work = Work(env)
        stage(work)
        try:
            return work.commit()
        except Conflict:
            continue
    raise Conflict
