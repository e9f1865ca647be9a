"""The repository's manifest with one component swapped. Spin has no include, and a copy would go stale."""

import json
import re

COMPONENT = "component.lecture-alert"
# What is the component's own: by table and key.
OWN = {
    (COMPONENT, "source"): "alert.wasm",
    (f"{COMPONENT}.build", "command"): "python3 ../../examples/alert-python/build.py",
    (f"{COMPONENT}.build", "watch"): [
        "../../examples/alert-python/**/*.py",
        "../../crates/platform/src/scripts/*.lua",
        "../../wit/**/*.wit",
    ],
}


def swapped(manifest, up="../../"):
    """The text of the manifest for a folder from which `up` leads back to the repository: all paths go
    that way, and the component is this one. Raises `ValueError` where it is not in the manifest."""
    table, missing, lines = "", set(OWN), []
    for line in manifest.splitlines():
        key, equals, value = line.partition(" = ")
        if line.startswith("["):
            table = line.strip("[]")
        elif (table, key) in OWN:
            value = json.dumps(OWN[table, key])
            missing.discard((table, key))
        elif key in ("source", "watch"):
            value = re.sub(r'"([^"]+)"', rf'"{up}\1"', value)
        lines.append(f"{key}{equals}{value}")
    if missing:
        raise ValueError(f"spin.toml has no {sorted(missing)}")
    return "\n".join(lines) + "\n"
