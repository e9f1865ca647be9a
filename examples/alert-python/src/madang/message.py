"""The message port: what is told to people, apart from the work that tells it.

A message is staged with the work that sends it, so it is there if and only if that work was done.
`health/ready` delivers it: to the component's log, or, where the variable `message_webhook_url` names
one, to a webhook as a CloudEvent; at least once, with the same `Idempotency-Key` each time.
"""

import json

from .breaker import Breaker
from .consumer import drop_from, letters
from .env import Limits, rfc3339, tell
from .event import dumps
from .redis import DUE, number, run, script, text
from .work import Work

# Messages that are taken up at once.
_BATCH = 20
# How long nobody else takes them up, in milliseconds: longer than delivering a batch goes on.
_LEASE = 30_000
# How long one call of `ready` goes on with messages that are due, in milliseconds.
_BUDGET = 1000
# How often a message is tried unless the variable `message_attempts` says otherwise.
_MAX_ATTEMPTS = 10
# The pauses between tries double, from a second to five minutes.
_PAUSES = (1000, 300_000)
_DEAD = "messages:dead"


class _CutOff(Exception):
    """Not tried: there is no time left, or the webhook has been away."""


def send(work, recipient, text):
    """Sends a message to a person with this work, or not at all."""
    env = work.env
    work.messages += 1
    # It stands in paths, where a slash would part it.
    id = f"{env.cause.id}.{work.messages}".replace("/", "-")
    event = {
        "id": id,
        "source": f"/{env.system}/{env.context}",
        "specversion": "1.0",
        "type": "Message",
        "time": rfc3339(env.host.now()),
        "datacontenttype": "application/json",
        "traceparent": env.cause.traceparent,
        "correlationid": env.cause.correlation,
        "causationid": env.cause.id,
        "data": {"recipient": recipient, "text": text},
    }
    work.command("HSET", f"message:{id}", "e", dumps(event), "tries", 0)
    work.command("DUE", "messages", 0, id)


def deliver_due(env):
    """Delivers the messages whose time has come. Raises `Unavailable` without Redis, nothing for what
    a webhook does."""
    end = env.host.now() + _BUDGET
    while env.host.now() < end:
        ids = [text(id) for id in script(env, DUE, [env.key("messages")], _LEASE, _BATCH)]
        if not ids:
            return
        for id in ids:
            # Whatever is left of the batch when the time is over waits for the next call.
            _deliver(env, id, env.host.now() < end)


def describe(env):
    """How many messages wait, and how many are dead, for `info`."""
    waiting = number(run(env, "ZCARD", env.key("messages"))[0])
    return {"waiting": waiting, "dead": number(run(env, "HLEN", env.key(_DEAD))[0])}


def dead_messages(env):
    """The dead messages, in the order of their ids."""
    return sorted(letters(env, env.key(_DEAD)), key=lambda dead: dead["id"])


def replay_message(env, id):
    """Sends a dead message once more, with all of its tries. Answers False where there is none."""
    kept = text(run(env, "HGET", env.key(_DEAD), id)[0])
    if not kept:
        return False
    work = Work(env)
    work.check(_DEAD, id, kept)
    work.command("HSET", f"message:{id}", "e", dumps(json.loads(kept)["message"]), "tries", 0)
    work.command("DUE", "messages", 0, id)
    work.command("HDEL", _DEAD, id)
    work.commit()
    return True


def drop_message(env, id):
    """Drops a dead message. Answers False where there is none."""
    return drop_from(env, env.key(_DEAD), id)


def _deliver(env, id, is_time):
    """Tries to deliver a message, and writes down how it went."""
    event, tries = run(env, "HMGET", env.key(f"message:{id}"), "e", "tries")
    work = Work(env)
    try:
        if not is_time:
            raise _CutOff
        failure = _hand_over(env, id, text(event)) if event else None
    except _CutOff:
        work.command("DUE", "messages", _PAUSES[0], id)
        return work.commit()
    if failure:
        _fail(work, id, text(event), number(tries) + 1, *failure)
    else:
        _settle(work, id)
    work.commit()


def _hand_over(env, id, event):
    """Hands a message over. Answers why it could not be, and how long to wait at least, in ms."""
    url = env.host.variable("message_webhook_url")
    if not url:
        data = json.loads(event)["data"]
        recipient, said = dumps(data["recipient"]), dumps(data["text"])
        print(f"message {id} to {recipient}: {said}", flush=True)
        return None
    breaker = Breaker(env, "webhook")
    with_pass = breaker.admit()
    if with_pass is None:
        raise _CutOff
    whole = env.number("call_timeout_ms", 1000)
    # Nothing of a call may take longer than the whole.
    connect = min(env.number("connect_timeout_ms", 250), whole)
    limits = Limits(connect, min(env.number("first_byte_timeout_ms", whole), whole), whole)
    headers = {"content-type": "application/cloudevents+json", "idempotency-key": id}
    try:
        answer = env.host.send(url, headers, event.encode(), limits)
    except OSError as error:
        breaker.report(with_pass, is_good=False)
        return str(error), 0
    breaker.report(with_pass, is_good=answer.status < 500)
    if 200 <= answer.status < 300:
        return None
    return f"answered {answer.status}", (answer.retry_after or 0) * 1000


def _fail(work, id, event, tries, why, asked):
    env = work.env
    if tries < env.number("message_attempts", _MAX_ATTEMPTS):
        tell(f"{env.context}: message {id} waits after {tries} tries: {why}")
        least, most = _PAUSES
        pause = max(min(least * 2 ** (tries - 1), most), asked)
        work.command("HSET", f"message:{id}", "tries", tries)
        work.command("DUE", "messages", pause, id)
        return
    tell(f"{env.context}: message {id} goes to the dead messages: {why}")
    dead = {"id": id, "message": json.loads(event), "tries": tries, "reason": why}
    dead["time"] = rfc3339(env.host.now())
    work.command("HSET", _DEAD, id, dumps(dead))
    _settle(work, id)


def _settle(work, id):
    work.command("ZREM", "messages", id)
    work.command("DEL", f"message:{id}")
