"""Requests and answers as the edge sees them: whole in memory, and the same in a component and in tests."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from .env import tell
from .errors import Conflict, Rejected, Unavailable, text_of
from .event import dumps

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    429: "Too Many Requests",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass
class Request:
    """A request. Header names are in lower case. Nothing here takes a body."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"

    def __post_init__(self):
        self.path, _, query = self.target.partition("?")
        self.query = parse_qsl(query, keep_blank_values=True)

    def parameter(self, name):
        """The first value of a query parameter, or None."""
        return next((value for key, value in self.query if key == name), None)

    @property
    def origin(self):
        """The address that the client used, without a path: `X-Forwarded-*` before `Host`."""

        def first(name):
            value = self.headers.get(name)
            return value and value.split(",")[0].strip()

        scheme = first("x-forwarded-proto") or self.scheme
        host = first("x-forwarded-host") or first("host") or "localhost"
        port = first("x-forwarded-port")
        default = {"http": "80", "https": "443"}.get(scheme)
        if port and ":" not in host and port != default:
            host = f"{host}:{port}"
        return f"{scheme}://{host}"


class Response:
    """An answer: its headers in order, and its body, empty for none."""

    def __init__(self, status, media_type=None, value=None):
        self.status, self.headers, self.body = status, [], b""
        if media_type:
            self.body = dumps(value).encode()
            self.add("content-type", media_type)

    def add(self, name, value):
        """Adds a header, and answers itself."""
        self.headers.append((name, str(value)))
        return self


class Problem(Exception):
    """An answer that is a problem (RFC 9457), with the members that Spring's clients read."""

    def __init__(self, status, detail, violation=None):
        super().__init__(detail)
        self.status, self.detail, self.violation = status, detail, violation

    @property
    def title(self):
        """The short text of the status (RFC 9110)."""
        return _TITLES.get(self.status, "Internal Server Error")

    def response(self, path, entity):
        """The answer to a request for `path` about an entity of this name."""
        body = {"type": "about:blank", "title": self.title, "status": self.status}
        body |= {"detail": self.detail, "instance": path, "message": self.detail}
        if self.violation:
            body["errors"] = [{
                "entity": entity,
                "property": self.violation.property,
                "invalidValue": self.violation.value,
                "message": self.violation.message,
            }]
        response = Response(self.status, "application/problem+json", body)
        if self.status == 503:
            response.add("retry-after", 1)
        if self.status == 401:
            response.add("www-authenticate", "Bearer")
        return response


def problem_of(error):
    """The one place where an error becomes a status. A fault's reason goes to the log alone."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Rejected):
        return Problem(error.status, error.detail, error.violation)
    if isinstance(error, Conflict):
        return Problem(409, "too many writers at once; try again")
    tell(text_of(error))
    if isinstance(error, Unavailable):
        return Problem(503, "a part of the system is not available; try again shortly")
    return Problem(500, "the request could not be carried out; nothing was stored")


def query_of(pairs):
    """A query of these pairs (`application/x-www-form-urlencoded`)."""
    return urlencode(pairs, safe="*").replace("~", "%7E")
