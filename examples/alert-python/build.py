"""Builds the component and the manifest that swaps it in: target/alert-python/{alert.wasm,spin.toml}.

It uses the tooling of the environment in target/alert-python/venv, which it makes where it is missing;
nothing else on the machine is touched.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from manifest import swapped

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = ROOT / "target" / "alert-python"
WORLD = "madang:lecture/alert"
# Python 3.10 cannot read the bindings that componentize-py makes.
LEAST = (3, 11)


def tool():
    """componentize-py of the pinned version, installed where it is not there yet."""
    env = TARGET / "venv"
    bin = env / ("Scripts" if os.name == "nt" else "bin")
    requirements = HERE / "requirements.txt"
    installed = env / "installed.txt"
    if not installed.is_file() or installed.read_text() != requirements.read_text():
        print(f"Installing {requirements.read_text().strip()} into {env.relative_to(ROOT)}", flush=True)
        try:
            venv.create(env, clear=True, with_pip=True)
        except subprocess.CalledProcessError:
            sys.exit("this Python cannot make environments: install python3-venv (Debian, Ubuntu)")
        pip = [bin / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", requirements], check=True)
        installed.write_text(requirements.read_text())
    return bin / "componentize-py"


def world():
    """The arguments of componentize-py that name the world."""
    folders = [ROOT / "wit" / "platform", ROOT / "wit" / "lecture"]
    return [word for folder in folders for word in ("-d", folder)] + ["-w", WORLD]


def paths():
    """Where Python finds the component's modules, and the platform's Lua scripts."""
    return [HERE / "src", ROOT / "crates" / "platform" / "src"]


def bindings(componentize):
    """What the world is in Python, for tests that run outside of a component."""
    folder = TARGET / "bindings"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([componentize, "-q", *world(), "bindings", folder], check=True)
    return folder


def build(componentize):
    """The component, and the manifest beside it."""
    folders = [word for path in paths() for word in ("-p", path)]
    command = [componentize, "-q", *world(), "componentize", *folders, "app"]
    output = TARGET / "alert.wasm"
    subprocess.run([*command, "-o", output], check=True)
    manifest = TARGET / "spin.toml"
    manifest.write_text(swapped((ROOT / "spin.toml").read_text()))
    size = output.stat().st_size / 1e6
    print(f"Built {output.relative_to(ROOT)} ({size:.1f} MB) and {manifest.relative_to(ROOT)}")


def test(componentize):
    """Runs the tests beside this file."""
    found = os.pathsep.join(map(str, [HERE, *paths(), bindings(componentize)]))
    python = componentize.with_name("python")
    command = [python, "-B", "-m", "unittest", "discover", "-s", HERE / "tests", "-t", HERE / "tests"]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": found}, check=True)


def main(arguments):
    """`build.py` builds, `build.py test` runs the tests of what is written in Python."""
    if sys.version_info < LEAST:
        sys.exit("this needs Python 3.11 or later")
    try:
        componentize = tool()
        test(componentize) if arguments == ["test"] else build(componentize)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{Path(error.cmd[0]).name} failed: see above")


if __name__ == "__main__":
    main(sys.argv[1:])
