"""Programs that people point at an S3 store: a mounted file system, a backup, Arrow, s3cmd. Each does its whole job."""

import os
import subprocess
import sys

import pytest

from helpers import KIB, MIB, noise
from trees import digests, make_tree

VENV = os.path.dirname(sys.executable)


def run(*command, environment=None, **extra):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, **extra)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def tools_bucket(s3, request):
    """A separate bucket, as people create one for a tool. It is emptied and removed at the end."""
    name = "tool-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def mounted(store, tools_bucket, tmp_path):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this machine has no /dev/fuse, so nothing can be mounted")
    point, passwords = tmp_path / "mnt", tmp_path / "passwd"
    point.mkdir()
    passwords.write_text(f"{store.access_key}:{store.secret_key}")
    passwords.chmod(0o600)
    options = f"url={store.endpoint},passwd_file={passwords},use_path_request_style,endpoint={store.region}"
    # So small that s3fs uploads a file of some MiB in parts, and renames it by copying parts.
    options += ",multipart_size=5,singlepart_copy_limit=5,use_cache="
    run("s3fs", tools_bucket, str(point), "-o", options)
    yield point
    run("fusermount", "-u", str(point))


def test_s3fs_mounts_a_bucket_and_renames_files_in_it(mounted, s3, tools_bucket):
    small, big = noise(10 * KIB), noise(12 * MIB)
    (mounted / "folder").mkdir()
    (mounted / "folder/small").write_bytes(small)
    (mounted / "folder/big").write_bytes(big)
    os.rename(mounted / "folder/small", mounted / "small")
    os.rename(mounted / "folder/big", mounted / "big renamed")
    os.chmod(mounted / "small", 0o600)
    os.utime(mounted / "big renamed", (1_000_000_000, 1_000_000_000))
    assert (mounted / "small").read_bytes() == small
    assert (mounted / "big renamed").read_bytes() == big
    assert os.listdir(mounted / "folder") == []
    assert s3.get_object(Bucket=tools_bucket, Key="big renamed")["Body"].read() == big
    os.remove(mounted / "small")
    assert sorted(os.listdir(mounted)) == ["big renamed", "folder"]


def test_restic_backs_up_restores_checks_and_prunes(store, tools_bucket, tmp_path):
    tree = make_tree(tmp_path / "tree")
    environment = store.environment() | {
        "RESTIC_REPOSITORY": f"s3:{store.endpoint}/{tools_bucket}/repository",
        "RESTIC_PASSWORD": "only for this test",
        "HOME": str(tmp_path),
    }

    def restic(*arguments):
        return run("restic", "--no-cache", *arguments, environment=environment, cwd=tmp_path)

    restic("init")
    restic("backup", "tree")
    (tree / "added").write_bytes(noise(MIB))
    restic("backup", "tree")
    restic("forget", "--keep-last", "1", "--prune")
    restic("check", "--read-data")
    restic("restore", "latest", "--target", str(tmp_path / "back"))
    assert digests(tmp_path / "back/tree") == digests(tree)


def test_arrow_writes_moves_and_reads_a_table(store, tools_bucket):
    from pyarrow import fs, parquet, table

    scheme, address = store.endpoint.split("://")
    system = fs.S3FileSystem(
        access_key=store.access_key,
        secret_key=store.secret_key,
        region=store.region,
        scheme=scheme,
        endpoint_override=address,
    )
    written = table({"number": list(range(100_000)), "text": [str(number) for number in range(100_000)]})
    parquet.write_table(written, f"{tools_bucket}/a/table.parquet", filesystem=system)
    with system.open_output_stream(f"{tools_bucket}/a/big") as out:
        out.write(noise(12 * MIB))
    system.move(f"{tools_bucket}/a/table.parquet", f"{tools_bucket}/b/moved.parquet")
    system.copy_file(f"{tools_bucket}/a/big", f"{tools_bucket}/b/big")
    assert parquet.read_table(f"{tools_bucket}/b/moved.parquet", filesystem=system).equals(written)
    infos = system.get_file_info(fs.FileSelector(tools_bucket, recursive=True))
    assert sorted(info.path.partition("/")[2] for info in infos if info.is_file) == ["a/big", "b/big", "b/moved.parquet"]


def test_s3cmd_syncs_compares_md5s_and_moves(store, tools_bucket, tmp_path):
    settings = tmp_path / "s3cfg"
    address = store.endpoint.split("://")[1]
    settings.write_text(
        f"[default]\naccess_key = {store.access_key}\nsecret_key = {store.secret_key}\nhost_base = {address}\n"
        f"host_bucket = {address}\nuse_https = False\nbucket_location = {store.region}\nmultipart_chunk_size_mb = 5\n"
    )

    def s3cmd(*arguments):
        return run(os.path.join(VENV, "s3cmd"), "-c", str(settings), "--no-progress", *arguments)

    local, remote = tmp_path / "local", f"s3://{tools_bucket}/"
    local.mkdir()
    (local / "small").write_bytes(noise(KIB))
    (local / "big").write_bytes(noise(12 * MIB))
    s3cmd("sync", f"{local}/", remote)
    # It compares the MD5 of each file with the store's ETag, so it sends nothing again.
    assert "upload:" not in s3cmd("sync", f"{local}/", remote)
    assert "MD5 sum" in s3cmd("info", remote + "small")
    s3cmd("mv", remote + "big", remote + "moved")
    s3cmd("get", remote + "moved", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (local / "big").read_bytes()
