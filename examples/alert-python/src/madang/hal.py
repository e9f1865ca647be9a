"""HAL (`application/hal+json`), in the shape of Spring Data REST."""

from .http import Response, query_of

_HAL = "application/hal+json"


class Place:
    """Where a collection is, as its client sees it: its URL and its profile's."""

    def __init__(self, request, env, collection):
        self._request, self._name = request, collection.name
        self._url = f"{request.origin}/{env.system}/{collection.name}"
        self._profile = f"{request.origin}/{env.system}/-/{env.context}/profile/{collection.name}"

    def item(self, item):
        """An item's answer."""
        return Response(200, _HAL, self._resource(item)).add("etag", etag(item.version))

    def page(self, listing, items, total):
        """A page's answer."""
        pages = -(-total // listing.size)
        query = self._request.query
        links = {}
        if listing.page > 0 or pages > 1:
            links["first"] = self._at(listing, 0)
        if listing.page > 0:
            links["prev"] = self._at(listing, listing.page - 1)
        here = f"{self._request.origin}{self._request.path}"
        links["self"] = {"href": f"{here}?{query_of(query)}" if query else here}
        if listing.page + 1 < pages:
            links["next"] = self._at(listing, listing.page + 1)
        if pages > 1:
            links["last"] = self._at(listing, pages - 1)
        links["profile"] = {"href": self._profile}
        return Response(200, _HAL, {
            "_embedded": {self._name: [self._resource(item) for item in items]},
            "_links": links,
            "page": {
                "size": listing.size,
                "totalElements": total,
                "totalPages": pages,
                "number": listing.page,
            },
        })

    def _at(self, listing, page):
        query = [pair for pair in self._request.query if pair[0] not in ("page", "size")]
        query += [("page", page), ("size", listing.size)]
        return {"href": f"{self._request.origin}{self._request.path}?{query_of(query)}"}

    def _resource(self, item):
        link = {"href": f"{self._url}/{item.id}"}
        # The link to an item is named after one of the collection, as Spring Data REST does it.
        links = {"self": link, self._name.removesuffix("s"): link}
        return item.value | {"id": item.id, "_links": links}


def etag(version):
    """The `ETag` of a version."""
    return f'"{version}"'


def names(header, version):
    """Whether `If-None-Match` names this version."""
    tags = (tag.strip() for tag in header.split(","))
    return any(tag == "*" or tag.removeprefix("W/") == etag(version) for tag in tags)
