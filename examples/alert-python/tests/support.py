"""What the tests stand on: a Redis of their own, and a host around it that can be killed."""

import socket
import subprocess
import tempfile
import time

from madang.env import Answered, Env

SYSTEM, CONTEXT = "lecture", "alert"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Killed(BaseException):
    """The component is no more. No handler of the code under test may catch it."""


class Redis:
    """A Redis on a free port of loopback, gone when it is closed."""

    def __init__(self):
        self._dir = tempfile.TemporaryDirectory(prefix="madang-alert-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", self._dir.name]
        self._server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port))
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._answers = self._socket.makefile("rb")

    def close(self):
        """Ends it."""
        self._answers.close()
        self._socket.close()
        self._server.kill()
        self._server.wait()
        self._dir.cleanup()

    def run(self, *words):
        """A command's answer, its nested lists flattened as Spin hands them over."""
        data = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        parts = [b"*%d\r\n" % len(data)] + [b"$%d\r\n%s\r\n" % (len(word), word) for word in data]
        self._socket.sendall(b"".join(parts))
        return list(self._read())

    def _read(self):
        line = self._answers.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise OSError(rest.decode())
        if kind == b":":
            yield int(rest)
        elif kind == b"*":
            for _ in range(int(rest)):
                yield from self._read()
        elif kind == b"$":
            yield None if rest == b"-1" else self._answers.read(int(rest) + 2)[:-2]
        else:
            yield rest


class Host:
    """A host whose clock and randomness are the test's. After `kill_at` calls of Redis, that call had
    its effect and the component is killed before it sees the answer; `meanwhile` is called once, before
    the first call of this command."""

    def __init__(self, redis=None, **variables):
        self.variables = {"service_token": "token"} | variables
        self.numbers, self.sent, self.answers = {}, [], []
        self.time, self.kill_at, self.calls = 1_795_219_200_000, None, 0
        self._redis, self._drawn, self.meanwhile = redis, 0, {}

    def redis(self, command, words):
        self.calls += 1
        self.meanwhile.pop(command, lambda: None)()
        answer = self._redis.run(command, *words)
        if self.calls == self.kill_at:
            raise Killed
        return answer

    def send(self, url, headers, body, limits):
        self.sent.append((url, headers, body))
        answer = self.answers.pop(0) if self.answers else Answered(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def count(self, key, delta):
        self.numbers[key] = self.numbers.get(key, 0) + delta
        return self.numbers[key]

    def counted(self, key):
        return self.numbers.get(key, 0)

    def forget(self, key):
        self.numbers.pop(key, None)

    def variable(self, name):
        return self.variables.get(name)

    def now(self):
        return self.time

    def random(self):
        self._drawn += 1
        return self._drawn * 0x9E3779B97F4A7C15 % 2**64


def env(host):
    """The surroundings of the alert context."""
    return Env(host, SYSTEM, CONTEXT)


def event(kind, id, data):
    """An event in its envelope."""
    return {
        "id": id, "source": "/lecture/elsewhere", "specversion": "1.0", "type": kind,
        "subject": id, "time": "2026-01-01T00:00:00.000Z", "datacontenttype": "application/json",
        "traceparent": TRACE, "correlationid": "saga", "causationid": "saga", "data": data,
    }


def approved(id, student="홍길동"):
    """A payment's event."""
    data = {"id": id, "classId": id, "courseId": 1, "fee": 100, "student": student}
    return event("PaymentApproved", f"payments/{id}@1", data | {"textBook": "b", "status": "CONFIRM"})
