"""Order in Redis: each field of a resource has a sorted set whose members sort by their bytes."""

# Digits of the id at the end of a member.
_ID_DIGITS = 20
# Bytes of a text that take part in the order; what is longer is told apart by a hash behind them.
_TEXT_BYTES = 100


def entries(resource, id):
    """The entries of a resource (its fields on the wire): each scalar field with its member."""
    for field, value in resource.items():
        if field != "id":
            yield field, _prefix(value) + b"\x00" + f"{id:0{_ID_DIGITS}}".encode()


def fnv1a(data):
    """FNV-1a, 64 bits: the same in every version and every language."""
    hashed = 0xCBF29CE484222325
    for byte in data:
        hashed = ((hashed ^ byte) * 0x100000001B3) % 2**64
    return hashed


def _prefix(value):
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, int):
        return f"{value:0{_ID_DIGITS}}".encode()
    data = bytes(max(byte, 2) for byte in value.encode())
    if len(data) <= _TEXT_BYTES:
        return data
    return data[:_TEXT_BYTES] + f"{fnv1a(data):016x}".encode()
