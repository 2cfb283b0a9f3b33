"""The README's own commands: serve, order with curl, follow, fetch; and the file has the bytes that `unikat make` writes."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess

from tests.acceptance.serving import PATIENCE_S, ROOT, UNIKAT, serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ROOT / "service" / "docs"
HERE = "http://127.0.0.1:8000"


def section() -> str:
    found = re.search(r"^## The service\n(.*?)^## ", README, re.S | re.M)
    assert found
    return found[1]


def commands() -> list[str]:
    """The indented lines of the section, as blocks."""
    return [block.replace("\n    ", "\n").strip() for block in re.findall(r"((?:^    .*\n)+)", section(), re.M)]


def test_what_is_ordered_with_curl_is_what_make_makes(tmp_path: pathlib.Path) -> None:
    serve, curl = commands()[:2]
    assert re.fullmatch(r"uv run unikat serve --data \S+ *(#.*)?", serve) and HERE in curl
    order = re.search(r"```json\n(.*?)```", README, re.S)
    assert order
    (tmp_path / "order.json").write_text(order[1], encoding="utf-8")
    with serving(tmp_path / "shop") as served:
        told = subprocess.run(
            ["bash", "-euc", curl.replace(HERE, served.at)],
            cwd=tmp_path,
            env={**os.environ, "KEY": served.key, "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert told.returncode == 0, told.stderr
        (tmp_path / "names.csv").write_text("name,parameters.wall [mm]\nAnna,1.6\nZoë,1.8\n", encoding="utf-8")
        (line,) = re.findall(r"^    (curl .*/v1/campaigns.*)$", (PAGES / "campaigns.md").read_text(encoding="utf-8"), re.M)
        sent = subprocess.run(
            ["bash", "-euc", f'at={served.at} as="Authorization: Bearer $KEY"; {line}'],
            cwd=tmp_path,
            env={**os.environ, "KEY": served.key, "no_proxy": "*"},
            capture_output=True,
            timeout=PATIENCE_S,
        )
        assert json.loads(sent.stdout)["rows"] == 2, sent
    subprocess.run(
        [*UNIKAT, "make", "phone-case", "--order", "order.json", "--formats", "3mf", "--out", "made"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=PATIENCE_S,
    )
    fetched = (tmp_path / "model.3mf").read_bytes()
    assert fetched.startswith(b"PK") and fetched == (tmp_path / "made" / "model.3mf").read_bytes()


def test_the_page_for_beginners_shows_the_same_commands() -> None:
    page = (PAGES / "start.md").read_text(encoding="utf-8")
    lines = [line for block in commands()[:2] for line in block.split("\n") if "until" not in line and "-O" not in line]
    assert len(lines) == 3 and all(line.split("  ")[0] in page for line in lines)


def test_every_page_that_the_section_names_is_there() -> None:
    pages = re.findall(r"\((service/docs/[^)]+)\)", section())
    assert len(pages) >= 8 and all((ROOT / page).is_file() for page in pages)
