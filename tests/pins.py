"""Every version that this project runs with, transitive ones too, as `[tool.uv] constraint-dependencies`.

    uv run python tests/pins.py            says what differs between pyproject.toml and what uv resolves
    uv run python tests/pins.py --write    writes it

To move to newer versions: delete the list, `uv lock --upgrade`, then --write.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

PYPROJECT = pathlib.Path(__file__).parents[1] / "pyproject.toml"
BEGIN, END = "# pins: written by tests/pins.py --write", "# end of pins"
_BLOCK = re.compile(re.escape(BEGIN) + r"\n.*?" + re.escape(END) + r"\n", re.S)


def resolved() -> list[str]:
    """What uv resolves for every group and extra, one requirement each, with its marker."""
    command = [
        "uv",
        "export",
        "--all-groups",
        "--all-extras",
        "--no-hashes",
        "--no-emit-project",
        "--no-annotate",
        "--no-header",
        "--quiet",
    ]
    told = subprocess.run(command, cwd=PYPROJECT.parent, check=True, capture_output=True, text=True).stdout
    return [line.strip() for line in told.splitlines() if "==" in line]


def block(pins: list[str]) -> str:
    """The lines between the marks."""
    rows = "".join(f'    "{pin}",\n' for pin in pins)
    return f"{BEGIN}\nconstraint-dependencies = [\n{rows}]\n{END}\n"


def written() -> list[str]:
    """What pyproject.toml says now."""
    found = _BLOCK.search(PYPROJECT.read_text(encoding="utf-8"))
    return re.findall(r'^    "(.+)",$', found[0], re.M) if found else []


def main(arguments: list[str]) -> int:
    """0 when pyproject.toml says what uv resolves."""
    pins = resolved()
    if "--write" in arguments:
        text = PYPROJECT.read_text(encoding="utf-8")
        made = (
            _BLOCK.sub(lambda _: block(pins), text)
            if _BLOCK.search(text)
            else text.replace("[tool.uv]\n", f"[tool.uv]\n{block(pins)}")
        )
        PYPROJECT.write_text(made, encoding="utf-8")
        return 0
    differing = sorted(set(pins) ^ set(written()))
    print("\n".join(differing) or "pinned as resolved")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
