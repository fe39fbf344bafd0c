"""Makes a component of a handler: python3 annals-py/build.py <handler> <world>

<handler> is a folder with `handler.py` and `wit/`, as seen from the folder that this is run in, the application's; the
component becomes <handler>/build/handler.wasm. <world> is what `handler.py` exports: decider or projector.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = Path.cwd()


#: Names of the version before, which this one accepts.
FORMER = {"About": "EventMetadata", "touches": "keys"}


def former_names(folder: Path) -> list[str]:
    """Where the handler uses former names. The SDK warns of them, too, but componentize-py does not show what is printed."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes(), file)):
            used: list[tuple[int, str]] = []
            if isinstance(node, ast.ImportFrom) and node.module == "annals":
                used = [(node.lineno, "About") for one in node.names if one.name == "About"]
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "annals.About":
                used = [(node.lineno, "About")]
            elif isinstance(node, ast.ClassDef):
                used = [(one.lineno, "touches") for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "touches"]
            place = file.relative_to(folder.parent)
            found += [f"{place}:{line}: `{name}` is deprecated: it is called `{FORMER[name]}` now" for line, name in used]
    return found


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
    built = subprocess.run(command, cwd=ROOT, check=False).returncode
    if built == 0:
        for what in former_names(folder):
            print(f"warning: {what}", file=sys.stderr)
    return built


if __name__ == "__main__":
    sys.exit(main())
