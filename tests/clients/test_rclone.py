"""rclone uploads and downloads a folder, checks it, and reads one file over several connections."""

import json
import os
import subprocess
import sys

import pytest

from helpers import MIB, noise, sha256
from trees import digests, make_tree

RCLONE = os.path.join(os.path.dirname(sys.executable), "rclone")


@pytest.fixture(scope="module")
def rclone(store):
    settings = {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_STORE_TYPE": "s3",
        "RCLONE_CONFIG_STORE_PROVIDER": "Other",
        "RCLONE_CONFIG_STORE_ENDPOINT": store.endpoint,
        "RCLONE_CONFIG_STORE_REGION": store.region,
        "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": store.access_key,
        "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": store.secret_key,
        "RCLONE_RETRIES": "1",
        "RCLONE_LOW_LEVEL_RETRIES": "1",
        "RCLONE_S3_UPLOAD_CUTOFF": "5M",
        "RCLONE_S3_CHUNK_SIZE": "5M",
        "RCLONE_TRANSFERS": "8",
    }

    def run(*arguments):
        environment = store.environment() | settings
        done = subprocess.run([RCLONE, *arguments], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_folder_is_uploaded_checked_and_downloaded_unchanged(rclone, bucket, prefix, tmp_path):
    tree, remote = make_tree(tmp_path / "tree"), f"store:{bucket}/{prefix}"
    rclone("copy", str(tree), remote)
    rclone("check", "--download", str(tree), remote)
    rclone("check", str(tree), remote)
    rclone("copy", remote, str(tmp_path / "back"))
    assert digests(tmp_path / "back") == digests(tree)

    listed = json.loads(rclone("lsjson", "--recursive", "--files-only", remote))
    assert {item["Path"]: item["Size"] for item in listed} == {
        name: (tree / name).stat().st_size for name in digests(tree)
    }
    rclone("purge", remote)
    assert rclone("lsf", f"store:{bucket}", "--include", prefix + "**") == ""


def test_a_big_file_is_read_over_several_connections(rclone, bucket, prefix, tmp_path):
    data = noise(64 * MIB)
    (tmp_path / "big.bin").write_bytes(data)
    rclone("copyto", str(tmp_path / "big.bin"), f"store:{bucket}/{prefix}big.bin")
    several = ["--multi-thread-cutoff", "1M", "--multi-thread-streams", "4", "--multi-thread-chunk-size", "7M"]
    rclone("copyto", *several, f"store:{bucket}/{prefix}big.bin", str(tmp_path / "back.bin"))
    assert sha256((tmp_path / "back.bin").read_bytes()) == sha256(data)


def test_sync_after_touch_gives_the_remote_the_new_time(rclone, s3, bucket, prefix, tmp_path):
    """rclone copies an object onto itself to change its time, even a big one that it uploaded in parts."""
    tree, remote = tmp_path / "tree", f"store:{bucket}/{prefix}"
    tree.mkdir()
    for name, size in (("small", 100), ("big", 12 * MIB)):
        (tree / name).write_bytes(noise(size))
    rclone("sync", str(tree), remote)
    for name in ("small", "big"):
        os.utime(tree / name, (2_000_000_000, 2_000_000_000))
    rclone("sync", str(tree), remote)
    listed = {item["Path"]: item["ModTime"] for item in json.loads(rclone("lsjson", remote))}
    assert all(time.startswith("2033-05-18T03:33:20") for time in listed.values()), listed
    rclone("check", "--download", str(tree), remote)
    rclone("moveto", remote + "big", remote + "moved")
    assert sha256(s3.get_object(Bucket=bucket, Key=prefix + "moved")["Body"].read()) == sha256((tree / "big").read_bytes())
