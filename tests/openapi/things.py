"""Creates things in a drive, so that requests can be about something that exists."""

import json

from wire import exchange

FOLDERS = 5
FILES = 5
UPLOADS = 4
LINKS = 4
TOKENS = 3
REQUESTS = 3


class Owner:
    """The first user, who uses the API."""

    def __init__(self, dray, token):
        self.api = f"{dray.url}/public/v1"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path):
        return self._ask("GET", path)

    def post(self, path, **body):
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, method, path, body=None):
        answer = exchange(method, self.api + path, self.headers, body)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def upload(self, number):
        """An upload whose one part is stored, and which only needs to be finalized."""
        step = "/drive/files/upload/multipart"
        started = self.post(f"{step}/start", fileName=f"report {number}.txt", fileSize=1, mimeType="text/plain")
        key = {"uploadId": started["uploadId"], "fileKey": started["fileKey"]}
        url = self.post(f"{step}/presigned-urls", **key, parts=1)["urls"][0]
        assert exchange("PUT", url, body=b"x").status == 200
        return key

    def file(self, number):
        return self.post("/drive/files/upload/multipart/finalize", **self.upload(number))["id"]


def make(dray, token):
    """Creates some of each kind; returns their ids."""
    owner = Owner(dray, token)
    own_token = owner.get("/tokens")["tokens"][-1]["id"]
    dray.command("user", "add", f"{own_token}@example.com")
    folders = [owner.post("/drive/folders", name=f"reports {at}")["id"] for at in range(2 * FOLDERS)]
    files = [owner.file(at) for at in range(2 * FILES)]
    links = []
    for file in files[:LINKS]:
        link = owner.post(f"/drive/files/{file}/links", **({"password": "open sesame"} if file == files[LINKS - 1] else {}))
        links.append({"id": file, "linkId": link["id"], "slug": link["url"].rsplit("/", 1)[1]})
    uploads = [owner.upload(at) for at in range(3 * UPLOADS)]
    made = [owner.post("/drive/requests", folderId=folders[0], title=f"request {at}") for at in range(REQUESTS)]
    requests = [{"id": request["id"], "slug": request["url"].rsplit("/", 1)[1]} for request in made]
    return {
        "token": own_token,
        "tokens": [owner.post("/tokens", name="t", scopes=["drive_read"])["id"] for _ in range(TOKENS)],
        "folders": folders[:FOLDERS],
        "files": files[:FILES],
        "links": links,
        "requests": requests,
        "uploads": uploads[:UPLOADS],
        "users": [member["_id"] for member in owner.get("/workspace/members")["members"]],
        # These may be removed.
        "to_trash": folders[FOLDERS:] + files[FILES:],
        "to_finalize": uploads[UPLOADS : 2 * UPLOADS],
        "to_abort": uploads[2 * UPLOADS :],
    }
