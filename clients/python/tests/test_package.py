"""The package as it is published: its types, what is generated of it, its wheel, and the examples of its README."""

import ast
import json
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE))


def test_models_and_operations_are_those_of_the_servers_document(server):
    import generate

    with urllib.request.urlopen(f"{server.url}/openapi.json") as answer:
        texts = generate.texts(json.load(answer))
    for name, text in texts.items():
        stale = f"src/dray/{name} is not what generate.py makes: run it with the address of a new server"
        assert (HERE / "src/dray" / name).read_text() == text, stale


def test_mypy_finds_nothing_in_strict_mode(tmp_path):
    cache = Path(os.environ["DRAY_BIN"]).parent / "mypy-cache"
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_users_see_the_types(tmp_path):
    (tmp_path / "use.py").write_text(
        "from dray import Dray, AsyncDray\n"
        "reveal_type(Dray().upload('a'))\nreveal_type(next(Dray().iter_children('root')).size)\n"
        "async def f() -> None:\n    reveal_type(await AsyncDray().list_links('a'))\n"
        "Dray().upload(5)\n"
    )
    cache = Path(os.environ["DRAY_BIN"]).parent / "mypy-cache"
    environment = {**os.environ, "MYPYPATH": str(HERE / "src")}
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), "use.py"]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300).stdout
    for kind in ("dray.models.Item", "int | None", "dray.models.Links"):
        assert f'Revealed type is "{kind}"' in said, said
    assert "use.py:6: error" in said and "Found 1 error" in said, said


def test_the_wheel_has_all_that_a_package_has(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        str(HERE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("dray-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        said = archive.read(metadata).decode()
    assert "dray/py.typed" in names and "dray/models.py" in names
    assert sum(name.rpartition("/")[2].startswith("LICENSE-") for name in names) == 2
    assert "License-Expression: MIT OR Apache-2.0" in said and "Requires-Python: >=3.11" in said and "# dray" in said
    assert not any("test" in name or "generate" in name for name in names)


def examples():
    text = (HERE / "README.md").read_text() + (HERE / "../../docs/src/upload.md").read_text()
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("number", range(len(examples())))
def test_every_example_of_the_readme_and_the_book_runs(server, token, tmp_path, number):
    code = examples()[number].replace("https://drive.example.com", server.url).replace("cp_pat_…", token)
    (tmp_path / "report.pdf").write_bytes(b"%PDF" * 100)
    (tmp_path / "big.iso").write_bytes(b"x" * 100_000)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/pier.jpg").write_bytes(b"y" * 500)
    environment = {**os.environ, "DRAY_URL": server.url, "DRAY_TOKEN": token, "PYTHONPATH": str(HERE / "src")}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def undescribed(body, where):
    """The public functions and classes of a module or class that have no docstring."""
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and node.name not in ("filter", "async_auth_flow"):
            yield f"{where}.{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from undescribed(node.body, f"{where}.{node.name}")


def test_files_are_short_and_everything_public_says_what_it_is():
    for path in (HERE / "src/dray").glob("*.py"):
        text = path.read_text()
        tree = ast.parse(text)
        assert ast.get_docstring(tree), path
        assert "Made by generate.py" in text or len(text.splitlines()) <= 400, path
        assert list(undescribed(tree.body, path.name)) == []
