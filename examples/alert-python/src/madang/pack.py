"""MessagePack, as far as a script's arguments need it: lists of texts, and lists of such lists."""

import struct


def pack(value):
    """A text (`str`, `bytes`) or a list of what can be packed, for `cmsgpack.unpack`."""
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    data = value if isinstance(value, bytes) else str(value).encode()
    return b"\xdb" + struct.pack(">I", len(data)) + data
