"""The edge: from a request to what it asks for, and back. What Spring Data REST's clients expect of a
collection that is only read, and the internal paths of every context."""

import hmac
from dataclasses import dataclass

from . import consumer, message
from .collection import Collection
from .edge import Quota, answer_cors, cause, check_deadline
from .env import Env, parse_number, tell
from .errors import Fault, Rejected, text_of
from .hal import Place, etag, names
from .http import Problem, Response, problem_of
from .redis import number, run

_READ = "GET, HEAD, OPTIONS"
# How many requests the host has shed for this context: it tells with each question for `info`.
_SHED = "madang-shed"


@dataclass(frozen=True)
class Context:
    """A bounded context: its names, its version, what it keeps and what it does on events."""

    system: str
    context: str
    version: str
    collection: Collection
    policies: consumer.Policies

    def env(self, host, cause):
        """The surroundings in which it works."""
        return Env(host, self.system, self.context, cause)


def serve(context, host, request):
    """Answers a request."""
    began = host.now()
    env = context.env(host, cause(host, request.headers))
    path = request.path.strip("/").split("/")
    # Internal paths are the operator's: not counted, and in the log only where they fail.
    is_public = path[:2] == [context.system, context.collection.name]
    # There are items, and no searches.
    is_public = is_public and len(path) <= 3 and path[2:] != ["search"]
    is_internal = path[:3] == [context.system, "-", context.context]
    allow = _allow(path[3:]) if is_internal else _READ if is_public else None
    quota = None
    if is_public and request.method != "OPTIONS":
        quota = Quota.count(env, request.headers, context.collection.name)
    try:
        if not allow:
            raise _nothing(request)
        check_deadline(request.headers, began)
        if quota:
            quota.check()
        response = _route(context, env, request, path, allow)
    except Exception as error:
        problem = problem_of(error)
        response = problem.response(request.path, context.collection.entity)
        if problem.status == 405:
            response.add("allow", allow)
    if quota:
        quota.tell(response)
    if is_public:
        _log(env, request, response.status, began)
    response.add("x-correlation-id", env.cause.correlation)
    answer_cors(env, request.headers, allow, response)
    if request.method == "HEAD":
        response.body = b""
    return response


def catch_up(context, env):
    """Reads on in the log. Raises `Stuck` and `Unavailable`."""
    consumer.drain(env, context.policies)


def _allow(path):
    match path:
        case ["dead-letters" | "dead-messages", _]:
            return "DELETE, OPTIONS"
        case ["dead-letters" | "dead-messages", _, "replay"]:
            return "POST, OPTIONS"
    return _READ


def _route(context, env, request, path, allow):
    # A HEAD is a GET whose body stays here.
    method = "GET" if request.method == "HEAD" else request.method
    if method == "OPTIONS":
        return Response(204).add("allow", allow)
    if method not in allow.split(", "):
        raise Problem(405, f"{method} is not possible here; {allow} are")
    match path[1:]:
        case ["-", _, *rest]:
            return _internal(context, env, request, rest)
        case [_]:
            listing = context.collection.listing(request)
            page = context.collection.page(env, listing)
            return Place(request, env, context.collection).page(listing, *page)
        case [_, id]:
            return _item(context, env, request, id)


def _item(context, env, request, id):
    number = parse_number(id)
    if not number:
        raise Rejected.invalid("id", id, "must be a number from 1 up")
    item = context.collection.find(env, number)
    if names(request.headers.get("if-none-match", ""), item.version):
        return Response(304).add("etag", etag(item.version))
    return Place(request, env, context.collection).item(item)


def _internal(context, env, request, path):
    """Health, info and profile are open; the rest asks for the service token."""
    match path:
        case ["health", "live"]:
            return _json({"status": "UP"})
        case ["health", "ready"]:
            return _ready(context, env)
        case ["info"]:
            return _json(_info(context, env, number(request.headers.get(_SHED))))
        case ["profile", name] if name == context.collection.name:
            return _profile(context.collection)
        case ["profile", _]:
            raise _nothing(request)
    _authorize(env, request)
    match path:
        case ["dead-letters"]:
            return _json({"deadLetters": consumer.dead_letters(env)})
        case ["dead-letters", letter]:
            return _done(request, consumer.drop_from(env, env.dead_key, _letter(request, letter)))
        case ["dead-letters", letter, "replay"]:
            replayed = consumer.replay(env, context.policies, _letter(request, letter))
            return _done(request, replayed)
        case ["dead-messages"]:
            return _json({"deadMessages": message.dead_messages(env)})
        case ["dead-messages", id]:
            return _done(request, message.drop_message(env, id))
        case ["dead-messages", id, "replay"]:
            return _done(request, message.replay_message(env, id))
    raise _nothing(request)


def _ready(context, env):
    """Up where everything owed is done or under way."""
    try:
        catch_up(context, env)
    except consumer.Stuck as stuck:
        return _down(str(stuck))
    except Exception as error:
        return _down(text_of(error))
    try:
        # Here alone, so that no event waits for a message; and nobody waits for this one's failure.
        message.deliver_due(env)
    except Exception as error:
        tell(f"messages wait: {text_of(error)}")
    return _json({"status": "UP"})


def _down(reason):
    return _json({"status": "DOWN", "reason": reason}, 503).add("retry-after", 1)


def _info(context, env, shed):
    head, cursor = consumer.head(env), consumer.position(env)
    notes = run(env, "XREVRANGE", env.key("refusals"), "+", "-", "COUNT", 10)
    return {
        "name": f"{env.system}-{env.context}",
        "version": context.version,
        "world": f"madang:{env.system}/{env.context}",
        "subscriptions": context.policies.kinds,
        "cursor": cursor,
        "lag": max(head - cursor, 0),
        "deadLetters": number(run(env, "HLEN", env.dead_key)[0]),
        "refusals": list(consumer.objects(notes)),
        # Of the neighbours that it calls: it calls none.
        "breakers": [],
        "shed": shed,
        "messages": message.describe(env),
    }


def _authorize(env, request):
    token = env.host.variable("service_token")
    if not token:
        raise Fault("variable service_token is not set; internal paths need it")
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not hmac.compare_digest(sent.encode(), token.encode()):
        raise Problem(401, "internal paths ask for the service token")


def _profile(collection):
    """What a collection is, in ALPS, as far as its clients need it."""
    fields = [{"name": name, "type": "SEMANTIC"} for name in collection.fields]
    described = {"id": collection.name, "type": "SEMANTIC", "descriptor": fields}
    alps = {"alps": {"version": "1.0", "descriptor": [described]}}
    return Response(200, "application/alps+json", alps)


def _letter(request, text):
    letter = parse_number(text)
    if letter is None:
        raise _nothing(request)
    return letter


def _done(request, is_done):
    if not is_done:
        raise _nothing(request)
    return Response(204)


def _nothing(request):
    return Problem(404, f"there is nothing at {request.path}")


def _json(value, status=200):
    return Response(status, "application/json", value)


def _log(env, request, status, began):
    """The line in the log of a request where something went wrong, or of each (`request_log`)."""
    which = env.host.variable("request_log")
    if which == "all" or which != "none" and (status >= 500 or status == 429):
        took, saga = env.host.now() - began, env.cause.correlation
        tell(f"{request.method} {request.path} {status} in {took} ms; saga {saga}")
