"""A realistic folder of files, and the comparison of two such folders."""

import os

from helpers import KIB, MIB, noise, sha256

NAMES = [
    "empty.txt",
    "with space.txt",
    "plus+sign.txt",
    "percent%41.txt",
    "åäö/日本語-🦀.txt",
    "deep/er/and/deeper/leaf.bin",
    "#hash&amp;.txt",
]


def make_tree(root, files=200, big_bytes=30 * MIB):
    """Creates `files` files of various kinds under `root`. The largest has `big_bytes`."""
    sizes = {name: KIB for name in NAMES} | {"empty.txt": 0, "big.bin": big_bytes, "parts.bin": 5 * MIB + 1}
    sizes |= {f"many/{number % 7}/{number:03}.dat": number for number in range(files - len(sizes))}
    for name, size_bytes in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(size_bytes))
    assert len(digests(root)) == files
    return root


def digests(root):
    """{relative name: SHA-256} of every file below."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
    found = {}
    for path in paths:
        with open(path, "rb") as file:
            found[os.path.relpath(path, root)] = sha256(file.read())
    return found
