"""The AWS command line uploads and downloads a folder."""

import json
import os
import subprocess
import sys

import pytest

from helpers import MIB, noise, read
from trees import digests, make_tree

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


@pytest.fixture(scope="module")
def aws(store):
    def run(*arguments):
        done = subprocess.run([AWS, *arguments], env=store.environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return make_tree(tmp_path_factory.mktemp("aws") / "tree")


def test_a_folder_is_uploaded_and_downloaded_unchanged(aws, tree, bucket, prefix, tmp_path):
    remote = f"s3://{bucket}/{prefix}"
    aws("s3", "cp", "--recursive", "--quiet", str(tree), remote)
    assert len(aws("s3", "ls", "--recursive", remote).splitlines()) == 200
    aws("s3", "cp", "--recursive", "--quiet", remote, str(tmp_path / "back"))
    assert digests(tmp_path / "back") == digests(tree)
    assert aws("s3", "sync", "--size-only", str(tree), remote) == ""

    head = json.loads(aws("s3api", "head-object", "--bucket", bucket, "--key", prefix + "big.bin"))
    assert head["ContentLength"] == (tree / "big.bin").stat().st_size
    assert head["ETag"].endswith('-4"')


def test_sync_sends_only_changed_files_and_deletes_removed_ones(aws, bucket, prefix, tmp_path):
    local, back, remote = tmp_path / "local", tmp_path / "back", f"s3://{bucket}/{prefix}"
    local.mkdir()
    for name in ("kept", "changed", "gone"):
        (local / name).write_text(name)
    aws("s3", "sync", "--quiet", str(local), remote)
    (local / "changed").write_text("changed since")
    (local / "gone").unlink()
    told = aws("s3", "sync", "--delete", "--no-progress", str(local), remote)
    assert sorted(line.split(":")[0] for line in told.splitlines()) == ["delete", "upload"]
    aws("s3", "sync", "--quiet", remote, str(back))
    assert digests(back) == digests(local)


def test_mv_renames_small_and_big_objects(aws, s3, bucket, prefix, tmp_path):
    data = noise(20 * MIB)
    (tmp_path / "big").write_bytes(data)
    remote = f"s3://{bucket}/{prefix}"
    aws("s3", "cp", "--quiet", str(tmp_path / "big"), remote + "a/big")
    s3.put_object(Bucket=bucket, Key=prefix + "a/small", Body=b"small", Metadata={"kept": "1"})
    aws("s3", "mv", "--quiet", "--recursive", remote + "a/", remote + "b/")
    assert read(s3, bucket, prefix + "b/big") == data
    assert s3.head_object(Bucket=bucket, Key=prefix + "b/small")["Metadata"] == {"kept": "1"}
    assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix + "a/")["KeyCount"] == 0
