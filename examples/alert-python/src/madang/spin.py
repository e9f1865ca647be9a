"""The host's ports on Spin, and the ways in: a request, a doorbell, a typed call."""

import os
import time

from componentize_py_types import Err, Ok
from wit_world.imports import (
    atomics,
    monotonic_clock,
    outgoing_handler,
    poll,
    redis,
    redis_types,
    store,
    variables,
)
from wit_world.imports import wasi_http_types as http
from wit_world.imports.madang_platform_types import Problem as TypedProblem
from wit_world.imports.streams import StreamError_Closed

from .consumer import Stuck
from .env import Answered, Cause, parse_number, tell
from .errors import text_of
from .event import continued
from .http import Request, problem_of
from .rest import catch_up, serve

# The most that a body may hold, in bytes, and how much of it is read at once.
_MAX_BODY = 1 << 20
_CHUNK = 64 * 1024


class Spin:
    """Spin, as a context sees it. Redis and the key-value store are opened when they are first needed,
    once for a request."""

    def __init__(self, context):
        # The key-value store that it opens: the one of its component's name.
        self._label = f"{context.system}-{context.context}"
        self._connection = self._opened = None

    def redis(self, command, words):
        """`Host.redis`."""
        try:
            if self._connection is None:
                url = self.variable("redis_url")
                if url is None:
                    raise OSError("variable redis_url is not set")
                self._connection = redis.Connection.open(url)
            parameters = [redis.RedisParameter_Binary(word) for word in words]
            return [_reply(result) for result in self._connection.execute(command, parameters)]
        except Err as error:
            raise OSError(_reason(error)) from error

    def send(self, url, headers, body, limits):
        """`Host.send`."""
        try:
            return _send(url, headers, body, limits)
        except Err as error:
            raise OSError(_reason(error)) from error

    def count(self, key, delta):
        """`Host.count`."""
        return self._stored(lambda bucket: atomics.increment(bucket, key, delta))

    def counted(self, key):
        """`Host.counted`."""
        kept = self._stored(lambda bucket: bucket.get(key))
        if kept is None:
            return 0
        # As Spin keeps it: decimal digits in Redis; eight bytes, the lowest first, in SQLite.
        return int(kept) if kept.lstrip(b"-").isdigit() else int.from_bytes(kept, "little", signed=True)

    def forget(self, key):
        """`Host.forget`."""
        self._stored(lambda bucket: bucket.delete(key))

    def variable(self, name):
        """`Host.variable`."""
        try:
            return variables.get(name)
        except Err:
            return None

    def now(self):
        """`Host.now`."""
        return time.time_ns() // 1_000_000

    def random(self):
        """`Host.random`: not Python's own, whose seed is that of the build."""
        return int.from_bytes(os.urandom(8), "little")

    def _stored(self, use):
        try:
            if self._opened is None:
                self._opened = store.open(self._label)
            return use(self._opened)
        except Err as error:
            raise OSError(f"the key-value store {self._label}: {_reason(error)}") from error


def answer(context, incoming, out):
    """Answers a request to a component."""
    _respond(out, serve(context, Spin(context), _read(incoming)))


def hear(context):
    """Hears a doorbell: whatever the message says, the log is read on from where the context stands.
    Raises where it could not be read to its end, so that Spin's log shows it. Nothing is lost: the
    next doorbell or the next `health/ready` reads on."""
    host = Spin(context)
    env = context.env(host, Cause(traceparent=continued(None, host.random)))
    try:
        catch_up(context, env)
    except Stuck as stuck:
        tell(f"waiting: {stuck}")
    except Exception as error:
        tell(text_of(error))
        raise Err(redis_types.Error.ERROR) from error


def typed(context, work):
    """Carries out a typed call of a component's own export: `work(env)`. Raises what `work` reports,
    as the world tells it."""
    host = Spin(context)
    env = context.env(host, Cause(traceparent=continued(None, host.random)))
    try:
        return work(env)
    except Exception as error:
        problem = problem_of(error)
        told = TypedProblem(problem.status, problem.title, problem.detail)
        raise Err(told) from error


def _reply(result):
    if isinstance(result, redis.RedisResult_Nil):
        return None
    return result.value.encode() if isinstance(result, redis.RedisResult_Status) else result.value


def _reason(error):
    """What the host reports, as text: the value of its case where it has one, or the case's name."""
    value = getattr(error.value, "value", None)
    return value if isinstance(value, str) else repr(error.value)


def _read(incoming):
    method = incoming.method()
    verb = method.value if isinstance(method, http.Method_Other) else type(method).__name__
    headers = {}
    with incoming.headers() as fields:
        for name, value in fields.entries():
            headers.setdefault(name.lower(), value.decode(errors="replace"))
    authority = incoming.authority()
    if authority:
        headers.setdefault("host", authority)
    if not isinstance(method, http.Method_Get):
        _skip(incoming.consume())
    is_secure = isinstance(incoming.scheme(), http.Scheme_Https)
    return Request(
        verb.removeprefix("Method_").upper(),
        incoming.path_with_query() or "/",
        headers,
        "https" if is_secure else "http",
    )


def _skip(body):
    """Reads a body that nobody looks at, so that its connection can be used again; one that is longer
    than any that is taken is left, and its connection closed."""
    read = 0
    with body, body.stream() as stream:
        while read <= _MAX_BODY:
            try:
                read += len(stream.blocking_read(_CHUNK))
            except Err as ended:
                if not isinstance(ended.value, StreamError_Closed):
                    tell(f"the request could not be read: {_reason(ended)}")
                return


def _respond(out, response):
    headers = [(name, value.encode()) for name, value in response.headers]
    if response.body:
        headers.append(("content-length", str(len(response.body)).encode()))
    answer = http.OutgoingResponse(http.Fields.from_list(headers))
    answer.set_status_code(response.status)
    body = answer.body()
    http.ResponseOutparam.set(out, Ok(answer))
    try:
        _write(body, response.body, lambda writable: writable.block())
    except Err as error:
        # The client has gone.
        tell(f"the answer could not be sent: {_reason(error)}")


def _write(body, data, wait):
    with body.write() as stream:
        while data:
            room = stream.check_write()
            if room == 0:
                with stream.subscribe() as writable:
                    wait(writable)
            stream.write(data[:room])
            data = data[room:]
    http.OutgoingBody.finish(body, None)


def _send(url, headers, body, limits):
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    fields = http.Fields.from_list([(name, value.encode()) for name, value in headers.items()])
    request = http.OutgoingRequest(fields)
    request.set_method(http.Method_Post())
    request.set_scheme(http.Scheme_Https() if scheme == "https" else http.Scheme_Http())
    request.set_authority(authority)
    request.set_path_with_query(slash + path)
    options = http.RequestOptions()
    options.set_connect_timeout(limits.connect * 1_000_000)
    options.set_first_byte_timeout(limits.first_byte * 1_000_000)
    options.set_between_bytes_timeout(limits.whole * 1_000_000)
    outgoing = request.body()
    with outgoing_handler.handle(request, options) as future:
        with monotonic_clock.subscribe_duration(limits.whole * 1_000_000) as end:

            def wait(other):
                if 0 not in poll.poll([other, end]):
                    raise OSError(f"no answer within {limits.whole} ms")

            _write(outgoing, body, wait)
            with future.subscribe() as answered:
                wait(answered)
        return _answered(future.get())


def _answered(got):
    # Of the two results the outer says whether the answer was taken before.
    result = got.value
    if isinstance(result, Err):
        raise result
    with result.value as response, response.headers() as fields:
        sent = fields.get("retry-after")
        return Answered(response.status(), parse_number(sent[0].decode("latin-1")) if sent else None)
