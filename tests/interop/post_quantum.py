#!/usr/bin/env python3
"""Makes checkpoints that are signed and cosigned with ML-DSA-44 of the package `dilithium_py`, as C2SP tlog-cosignature says.

    post_quantum.py DIR SEED      writes DIR/policy, DIR/witnessed, and DIR/refused/…, to be refused whole
"""

import base64
import hashlib
import pathlib
import random
import struct
import sys

from dilithium_py.ml_dsa import ML_DSA_44

KIND = b"\x06"


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Cosigner:
    def __init__(self, name: str, seed: bytes):
        self.name = name
        self.public, self.secret = ML_DSA_44.key_derive(seed)
        self.id = hashlib.sha256(name.encode() + b"\n" + KIND + self.public).digest()[:4]

    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode(KIND + self.public)}"

    def line(self, origin: str, size: int, root: bytes, time: int) -> str:
        name, log = self.name.encode(), origin.encode()
        message = b"subtree/v1\n\0" + struct.pack(">B", len(name)) + name + struct.pack(">Q", time)
        message += struct.pack(">B", len(log)) + log + struct.pack(">QQ", 0, size) + root
        signature = ML_DSA_44.sign(self.secret, message)
        assert ML_DSA_44.verify(self.public, message, signature)
        return f"— {self.name} {encode(self.id + struct.pack('>Q', time) + signature)}\n"


def make(folder: pathlib.Path, seed: int):
    (folder / "refused").mkdir(parents=True)
    chance = random.Random(seed)
    origin = "log.example/plan"
    log, one, two = (
        Cosigner(name, chance.randbytes(32)) for name in (origin, "witness.example/one", "witness.example/two")
    )
    (folder / "policy").write_text(
        f"log {log.vkey()}\nwitness one {one.vkey()}\nwitness two {two.vkey()}\ngroup both all one two\nquorum both\n"
    )
    size, root = chance.randrange(1, 1 << 62), chance.randbytes(32)
    text = f"{origin}\n{size}\n{encode(root)}\n\n"
    # A log need not tell a time.
    lines = [who.line(origin, size, root, time) for who, time in ((log, 0), (one, 1700000000), (two, 1700000001))]
    (folder / "witnessed").write_text(text + "".join(lines))

    def refused(name: str, content: str):
        (folder / "refused" / name).write_text(content)

    refused("unsigned", text + "".join(lines[1:]))
    refused("size", text.replace(str(size), str(size + 1)) + "".join(lines))
    refused("origin", text.replace(origin, "log.example/plans") + "".join(lines))
    refused("other-root", text + lines[0] + one.line(origin, size, bytes(32), 1700000000) + lines[2])
    refused("other-name", text + lines[0] + lines[1] + lines[2].replace(lines[2].split()[2], lines[1].split()[2]))
    for at in (0, 1, 2):
        data = bytearray(base64.b64decode(lines[at].split()[2]))
        data[chance.randrange(4, len(data))] ^= 1 << chance.randrange(8)
        changed = " ".join([*lines[at].split()[:2], encode(bytes(data))]) + "\n"
        refused(f"bit-{at}", text + "".join([*lines[:at], changed, *lines[at + 1 :]]))


if __name__ == "__main__":
    folder, seed = sys.argv[1:]
    make(pathlib.Path(folder), int(seed))
