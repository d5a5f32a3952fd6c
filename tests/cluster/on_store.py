"""All tests of one store: the documented upload, doctor, an upload that is interrupted and resumed, a sweep of abandoned
uploads, and the torture test."""

import json
import os
import re
import subprocess
import time
import urllib.request

import boto3
import botocore.config

from nodes import ROOT, Dray, Script, wait_until
from torture import Victim, torture
from uploads import Client, File, Ledger, Uploader, children

# After this time, nothing may be left of abandoned uploads.
SWEPT_SECS = 600
# A store that has not answered a PUT of one byte after this time never does.
ANSWER_SECS = 10


class Store:
    """A running store, and a Dray that uses it."""

    def __init__(self, name, folder, binary):
        script, _, variant = name.partition("-n")
        self.script = Script(f"stores/{script}", folder / "store", variant or None)
        self.folder, self.binary = folder, binary

    def up(self):
        environment = self.script.up()
        self.endpoint = environment.pop("DRAY_TEST_S3")
        self.settings = {
            **environment,
            "AWS_EC2_METADATA_DISABLED": "true",
            "DRAY_S3_BUCKET": "dray",
            "DRAY_S3_ENDPOINT": self.endpoint,
            "DRAY_S3_PATH_STYLE": "true",
        }
        keys = {"aws_access_key_id": environment["AWS_ACCESS_KEY_ID"]}
        keys["aws_secret_access_key"] = environment["AWS_SECRET_ACCESS_KEY"]
        style = botocore.config.Config(s3={"addressing_style": "path"}, signature_version="s3v4")
        self.s3 = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", config=style, **keys)
        self.dray = Dray(self.binary, self.folder / "dray", self.settings)

    def victims(self):
        nodes = self.script.tell()["nodes"].split()
        return [
            Victim(node, lambda node=node: self.script.kill(node), lambda node=node: self.script.start(node))
            for node in nodes
        ]

    def open_uploads(self):
        """Ids of the multipart uploads that the store has open."""
        return {upload["UploadId"] for upload in self.s3.list_multipart_uploads(Bucket="dray").get("Uploads", [])}

    def objects(self):
        """The keys of the store's objects, without the mark that says whose store it is."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="dray")
        return {found["Key"] for page in pages for found in page.get("Contents", [])
                if "/.dray-store/" not in found["Key"]}

    def down(self):
        self.dray.stop()
        self.script.down()


def doctor(store):
    """What `dray doctor` finds about the store: the name of each check that warns, and in bold if it fails."""
    said = store.dray.command("doctor").stdout
    found = re.findall(r"^(warn|FAIL) +([^:]*)", said, re.M)
    return [f"**{name}**" if level == "FAIL" else name for level, name in found]


def takes_forms(store):
    """Whether the store takes a signed PUT of a part with the content type of a form, which curl's `--data-binary` sends."""
    which = {"Bucket": "dray", "Key": "form"}
    upload = {**which, "UploadId": store.s3.create_multipart_upload(**which)["UploadId"]}
    url = store.s3.generate_presigned_url("upload_part", {**upload, "PartNumber": 1})
    put = urllib.request.Request(url, b"x", {"Content-Type": "application/x-www-form-urlencoded"}, method="PUT")
    try:
        with urllib.request.urlopen(put, timeout=ANSWER_SECS):
            return True
    except OSError:
        return False
    finally:
        store.s3.abort_multipart_upload(**upload)


def documented_flow(store):
    """The documented upload, of 12 MiB in two parts and of an empty file. Like curl's, its PUTs have the type of a form, unless
    the store does not take them."""
    as_client = store.dray.as_client()
    environment = as_client if takes_forms(store) else {**as_client, "PUT_TYPE": ""}
    for arguments in [["12582912", "2"], ["0", "1"]]:
        flow = [str(ROOT / "tests/seed-flow.sh"), *arguments]
        done = subprocess.run(flow, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"seed-flow.sh {arguments}: {done.stdout}{done.stderr}"


def resume(store):
    """Kills a client after its first part has arrived, resumes the upload, and compares the file."""
    big = store.folder / "big"
    content = os.urandom(96 << 20)
    big.write_bytes(content)
    argv = [store.dray.binary, "upload", "--resume", "--parallel", "1", "--json", str(big)]
    client = subprocess.Popen(argv, env=store.dray.as_client(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    api = Client(store.dray.url, store.dray.token, Ledger())

    def has_begun():
        assert client.poll() is None, "the upload ended before it could be interrupted"
        for upload in api.insist("GET", "/uploads").json()["uploads"]:
            which = {"uploadId": upload["uploadId"], "fileKey": upload["fileKey"]}
            if api.insist("POST", "/files/upload/multipart/parts", which).json()["parts"]:
                return True
        return False

    wait_until(has_begun, "a first part")
    client.kill()
    client.wait()
    done = store.dray.command("upload", "--resume", "--json", str(big))
    assert done.returncode == 0, f"upload --resume: {done.stderr}"
    back = store.folder / "back"
    done = store.dray.command("download", json.loads(done.stdout)["id"], "--output", str(back), "--force")
    assert done.returncode == 0 and back.read_bytes() == content, f"the resumed file differs: {done.stderr}"
    big.unlink()
    back.unlink()


def sweep(store):
    """Aborted uploads leave nothing in the store, and a sweep finds and removes what the drive does not know."""
    api = Client(store.dray.url, store.dray.token, Ledger())
    uploader = Uploader(api, api.ledger, "given up", 0, lambda: True)
    given_up = set()
    for number in range(5):
        file = File(f"given up {number}", number)
        upload = uploader.begin(file, b"x", 0)
        uploader.put_all(upload, b"x")
        assert uploader.step("abort", upload, {}).status == 204
        given_up.add(upload["uploadId"])
    wait_until(lambda: not given_up & store.open_uploads(), "the removal of aborted uploads", 90)
    stray = re.sub("[0-9a-f]{24}$", "0" * 24, upload["fileKey"])
    stray_upload = store.s3.create_multipart_upload(Bucket="dray", Key=stray)["UploadId"]
    store.s3.put_object(Bucket="dray", Key=stray, Body=b"of nobody")
    remove_orphans(store)
    assert stray_upload not in store.open_uploads(), "an upload that the drive does not know is left"
    assert stray not in store.objects(), "an object that the drive does not know is left"


def remove_orphans(store):
    done = store.dray.command("sweep", "--orphans", "--older-than", "0s", "--delete")
    assert done.returncode == 0, f"dray sweep: {done.stdout}{done.stderr}"


def left_over(store):
    """Describes objects without a file and files without an object. After a sweep, there must be none."""
    api = Client(store.dray.url, store.dray.token, Ledger())
    items = {item for item, _ in children(api)}
    objects = {key.rsplit("/", 1)[-1] for key in store.objects()}
    stray = [f"no file has object {key}" for key in sorted(objects - items)]
    return stray + [f"no object has file {item}" for item in sorted(items - objects)]


def wait_until_swept(store):
    """What is still left after some time. If the store cannot be reached, Dray tries the removal again after a minute
    or two."""
    until = time.monotonic() + SWEPT_SECS
    while True:
        Client(store.dray.url, store.dray.token, Ledger()).insist("DELETE", "/trash")
        remove_orphans(store)
        left = left_over(store)
        if not left or time.monotonic() > until:
            return left
        time.sleep(2)


def run(name, binary, folder, seed, is_full):
    """Runs all tests on one store; returns its values for the table."""
    store = Store(name, folder, binary)
    told = store.script.tell()
    try:
        store.up()
        store.dray.start()
        found = doctor(store)
        documented_flow(store)
        resume(store)
        sweep(store)
        dray = Victim("Dray", store.dray.kill, store.dray.start, serves=True)
        victims = [dray, *store.victims()]
        figures, _ = torture(
            store.dray.url, store.dray.token, victims, 10 if is_full else 2, 1000 if is_full else 50, seed
        )
        left = wait_until_swept(store)
    finally:
        store.down()
    print(f"{name}: doctor finds {', '.join(found) or 'nothing'}; {figures}")
    for line in left[:5]:
        print(f"  {line}")
    return {"told": told, "doctor": found, "figures": figures, "left": left}
