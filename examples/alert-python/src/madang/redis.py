"""Redis as the platform uses it: commands, and the platform's own Lua scripts by name."""

import hashlib
from importlib.resources import files

from .errors import Fault, Unavailable

# What Redis refuses as wrong (a grant, a type, a script) is a fault; the rest passes by itself.
_FAULTS = ("NOPERM", "WRONGTYPE", "WRONGPASS", "NOAUTH", "RESPONSEERROR")


class Script:
    """A script of `crates/platform/src/scripts`. Read while the component is built: nothing is left
    to read when it runs."""

    def __init__(self, name):
        self.text = files("scripts").joinpath(f"{name}.lua").read_bytes()
        self.sha = hashlib.sha1(self.text).hexdigest()


CLAIM, COMMIT, DUE, LIST, RELEASE = map(Script, ["claim", "commit", "due", "list", "release"])


def run(env, command, *words):
    """Runs a command. Raises `Fault` or `Unavailable`."""
    try:
        return env.host.redis(command, [_bytes(word) for word in words])
    except OSError as error:
        raise _classified(error) from error


def script(env, script, keys, *arguments):
    """Runs a script on declared keys. Raises as `run` does."""
    words = [_bytes(word) for word in [len(keys), *keys, *arguments]]
    try:
        return env.host.redis("EVALSHA", [script.sha.encode(), *words])
    except OSError as error:
        if not _says(error, "NOSCRIPT"):
            raise _classified(error) from error
    return run(env, "EVAL", script.text, *words)


def number(reply):
    """A reply as a number from 0 up; 0 where it is none."""
    try:
        return max(int(reply), 0)
    except (TypeError, ValueError):
        return 0


def text(reply):
    """A reply as text; empty where there is none, and for bytes that are no UTF-8."""
    try:
        return reply.decode() if isinstance(reply, bytes) else "" if reply is None else str(reply)
    except UnicodeDecodeError:
        return ""


def _bytes(word):
    return word if isinstance(word, bytes) else str(word).encode()


def _says(error, kind):
    # Every Spin words Redis's own code a little differently: NOSCRIPT, NoScriptError, NoScript.
    return kind in str(error).upper()


def _classified(error):
    is_fault = any(_says(error, fault) for fault in _FAULTS)
    return (Fault if is_fault else Unavailable)(str(error))
