"""Makes a component of a handler: python3 annals-py/build.py <handler> <world>

<handler> is a folder with `handler.py` and `wit/`, as seen from the folder that this is run in, the application's; the
component becomes <handler>/build/handler.wasm. <world> is what `handler.py` exports: decider or projector.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = Path.cwd()


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[2] not in ("decider", "projector"):
        print("usage: python3 annals-py/build.py <handler> decider|projector", file=sys.stderr)
        return 2
    folder, world = ROOT / sys.argv[1], sys.argv[2]
    if not (folder / "handler.py").exists():
        print(f"{folder / 'handler.py'} is not there", file=sys.stderr)
        return 2
    venv = ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    tool = shutil.which("componentize-py", path=str(venv)) or shutil.which("componentize-py")
    if tool is None:
        print(
            "componentize-py is not there: run `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt` in this folder",
            file=sys.stderr,
        )
        return 1
    output = folder / "build" / "handler.wasm"
    output.parent.mkdir(exist_ok=True)
    paths = [HERE / world, HERE, folder]
    command = [tool, "--quiet", "--wit-path", folder / "wit", "--world", world, "componentize", "app", "--output", output]
    for path in paths:
        command += ["--python-path", path]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


sys.exit(main())
