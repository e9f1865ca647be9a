"""Why something did not happen, by what its receiver can do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """A field that breaks a rule, as it is called on the wire; what was sent; what it must be."""

    property: str
    value: object
    message: str


class Rejected(Exception):
    """The domain refuses: an answer like any other, and repeating it does not help. `status` is how HTTP
    says it; `violation` the field at fault, where it is one."""

    def __init__(self, status, detail, violation=None):
        super().__init__(detail)
        self.status, self.detail, self.violation = status, detail, violation

    @classmethod
    def invalid(cls, property, value, message):
        """A field breaks a rule."""
        return cls(400, f"{property}: {message}", Violation(property, value, message))

    @classmethod
    def missing(cls):
        """There is nothing of that id."""
        return cls(404, "there is nothing of that id")

    def __str__(self):
        return f"rejected: {self.detail}"


class Conflict(Exception):
    """Another writer was faster; deciding anew on fresh state helps."""

    def __str__(self):
        return "conflict: another writer was faster"


class Unavailable(Exception):
    """A store is not there at the moment; trying again later helps."""

    def __str__(self):
        return f"unavailable: {self.args[0]}"


class Fault(Exception):
    """A bug, a missing grant, data that cannot be read: nobody but an operator can help."""

    def __str__(self):
        return f"fault: {self.args[0]}"


def text_of(error):
    """An error in the words of the log. An exception that is none of these is a fault, too."""
    if isinstance(error, (Rejected, Conflict, Unavailable, Fault)):
        return str(error)
    return f"fault: {type(error).__name__}: {error}"
