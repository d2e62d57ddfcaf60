#!/usr/bin/env python3
"""Verifies and makes logs in the formats of C2SP with Ed25519 of the package `cryptography`.

The tree and the formats are written out below as RFC 6962 and C2SP define them; they share no line with Annals.

    foreign.py verify DIR              prints what was verified; exit 1 and the first fault otherwise
    foreign.py self-test DIR           changes DIR in memory, a byte at a time, each of which must be refused
    foreign.py make DIR SEED SIZE...   writes a log with a checkpoint at each size, ascending

What lies in such a folder is said in README.md.
"""

import base64
import binascii
import hashlib
import json
import pathlib
import random
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HEADER = "c2sp.org/tlog-proof@v1\n"
NOTE, COSIGNATURE = b"\x01", b"\x04"


class Bad(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Bad(why)


# Texts, of which there is one form each.


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad(f"{text!r} is no base64") from error
    # Bits that base64 has none to carry in are let through by the library.
    need(encode(data) == text, f"{text!r} is no base64")
    return data


def decimal(text: str) -> int:
    need(text.isascii() and text.isdecimal() and str(int(text)) == text, f"{text!r} is no number")
    return int(text)


def utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Bad("not UTF-8") from error


# Keys and notes.


def key_id(name: str, material: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]


class Verifier:
    held = set()

    def __init__(self, vkey: str):
        parts = vkey.split("+", 2)
        need(len(parts) == 3, f"{vkey!r} is no key")
        self.name, material = parts[0], decode(parts[2])
        need(self.name and not any(c.isspace() for c in self.name), "a key without a name")
        need(len(material) == 33 and material[:1] in (NOTE, COSIGNATURE), f"{vkey!r} is no Ed25519 key")
        self.kind, self.id, self.material = material[:1], key_id(self.name, material), material
        need(parts[1] == self.id.hex(), f"the id of {vkey!r} is wrong")
        self.key = Ed25519PublicKey.from_public_bytes(material[1:])

    def verify(self, text: str, signature: bytes):
        message = text.encode()
        if self.kind == COSIGNATURE:
            need(len(signature) == 72, "a cosignature has 72 bytes")
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            need(time < 1 << 63, "a time beyond the limit")
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        # One note stands in many files.
        if (self.material, message, signature) in self.held:
            return
        try:
            self.key.verify(signature, message)
            self.held.add((self.material, message, signature))
        except InvalidSignature as error:
            raise Bad(f"the signature by {self.name} does not hold") from error


class Signer:
    def __init__(self, name: str, kind: bytes, seed: bytes):
        self.name, self.kind, self.key = name, kind, Ed25519PrivateKey.from_private_bytes(seed)
        self.material = kind + self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id(name, self.material)

    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode(self.material)}"

    def line(self, signature: bytes) -> str:
        return f"— {self.name} {encode(self.id + signature)}\n"

    def sign(self, text: str) -> str:
        return self.line(self.key.sign(text.encode()))

    def cosign(self, text: str, time: int) -> str:
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        return self.line(time.to_bytes(8, "big") + self.key.sign(message))


class Policy:
    def __init__(self, data: bytes):
        text = utf8(data)
        need(text.endswith("\n"), "the policy is cut off")
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        for line in text[:-1].split("\n"):
            need(all(c == "\t" or " " <= c != "\x7f" for c in line), f"{line!r} holds a control character")
            words = line.split()
            known = self.witnesses.keys() | self.groups.keys()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "log" and len(words) == 2:
                self.logs.append(Verifier(words[1]))
                need(self.logs[-1].kind == NOTE, "a log's key is of type 1")
            elif words[0] == "witness" and len(words) == 3 and words[1] not in known:
                self.witnesses[words[1]] = Verifier(words[2])
                need(self.witnesses[words[1]].kind == COSIGNATURE, "a witness's key is of type 4")
            elif words[0] == "group" and len(words) > 3 and words[1] not in known:
                members = words[3:]
                threshold = {"all": len(members), "any": 1}.get(words[2]) or decimal(words[2])
                need(known.issuperset(members) and 1 <= threshold <= len(members), f"{line!r} is no group")
                self.groups[words[1]] = (threshold, members)
            elif words[0] == "quorum" and len(words) == 2 and self.quorum is None:
                need(words[1] == "none" or words[1] in known, f"{line!r} names nothing")
                self.quorum = words[1]
            else:
                raise Bad(f"{line!r} is no line of a policy")
        need(self.logs and self.quorum, "the policy has no log or no quorum")

    def met(self, name: str, signed) -> bool:
        if name in self.witnesses:
            return self.witnesses[name] in signed
        threshold, members = self.groups.get(name, (0, []))
        return sum(self.met(member, signed) for member in members) >= threshold

    def open(self, data: bytes):
        """The size and root of a checkpoint, and whether enough witnesses have cosigned it."""
        note = utf8(data)
        need(all(c == "\n" or c >= " " for c in note), "a control character")
        text, empty, signatures = note.rpartition("\n\n")
        need(empty and signatures.endswith("\n"), "no note")
        text += "\n"
        signed = set()
        for line in signatures[:-1].split("\n"):
            words = line.split(" ")
            need(len(words) == 3 and words[0] == "—", f"{line!r} is no signature")
            signature = decode(words[2])
            need(len(signature) > 4, f"{line!r} is no signature")
            for verifier in [*self.logs, *self.witnesses.values()]:
                # One line that does not hold refuses the note, whatever the others say.
                if (verifier.name, verifier.id) == (words[1], signature[:4]):
                    verifier.verify(text, signature[4:])
                    signed.add(verifier)
        lines = text.split("\n")
        need(len(lines) == 4, "a checkpoint has three lines")
        size, root = decimal(lines[1]), decode(lines[2])
        need(len(root) == 32, "a root has 32 bytes")
        need(any(log in signed and log.name == lines[0] for log in self.logs), "the log has not signed")
        return size, root, self.met(self.quorum, signed)


# The tree, as RFC 6962 §2.1 defines it.


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


class Tree:
    def __init__(self, records):
        self.records = records
        self.leaves = [hashlib.sha256(b"\x00" + record).digest() for record in records]
        self.known = {}

    def root(self, start: int, end: int) -> bytes:
        if end - start == 0:
            return hashlib.sha256(b"").digest()
        if end - start == 1:
            return self.leaves[start]
        if (start, end) not in self.known:
            middle = start + split(end - start)
            self.known[start, end] = node(self.root(start, middle), self.root(middle, end))
        return self.known[start, end]

    def path(self, index: int, start: int, end: int):
        """RFC 6962 §2.1.1."""
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return self.path(index, start, middle) + [self.root(middle, end)]
        return self.path(index, middle, end) + [self.root(start, middle)]

    def proof(self, old: int, start: int, end: int, whole: bool):
        """RFC 6962 §2.1.2: `whole` where the subtree is all of the old tree, which the verifier knows."""
        if old == end - start:
            return [] if whole else [self.root(start, end)]
        middle = split(end - start)
        if old <= middle:
            return self.proof(old, start, start + middle, whole) + [self.root(start + middle, end)]
        return self.proof(old - middle, start + middle, end, False) + [self.root(start, start + middle)]

    def consistency(self, old: int, new: int):
        return self.proof(old, 0, new, True) if old else []

    def tiles(self, size: int):
        """The tiles of C2SP tlog-tiles, by path."""
        level, below = 0, 1
        while size // below:
            for at in range(0, size // below, 256):
                end = min(at + 256, size // below)
                hashes = (self.root(n * below, (n + 1) * below) for n in range(at, end))
                yield path(level, at // 256, end - at), b"".join(hashes)
                if level == 0:
                    entries = (len(record).to_bytes(2, "big") + record for record in self.records[at:end])
                    yield path("entries", at // 256, end - at), b"".join(entries)
            level, below = level + 1, below * 256


def path(level, index: int, width: int) -> str:
    name = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        name = f"x{index % 1000:03}/{name}"
    return f"tile/{level}/{name}" + ("" if width == 256 else f".p/{width}")


def included(leaf: bytes, index: int, size: int, hashes) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162 §2.1.3.2)."""
    need(index < size, "no such leaf")
    found, last = leaf, size - 1
    for beside in hashes:
        need(last > 0, "too many hashes")
        if index & 1 or index == last:
            found = node(beside, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node(found, beside)
        index, last = index >> 1, last >> 1
    need(last == 0, "too few hashes")
    return found


def continued(old: int, earlier: bytes, size: int, later: bytes, hashes):
    """Whether a consistency proof leads to both roots (RFC 9162 §2.1.4.2)."""
    if old == 0 or old == size:
        need(not hashes and old <= size and (old == 0 or earlier == later), "no proof where none is needed")
        return
    need(old < size and hashes, "no proof")
    hashes = list(hashes)
    if old & old - 1 == 0:
        hashes.insert(0, earlier)
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for beside in hashes[1:]:
        need(last > 0, "too many hashes")
        if at & 1 or at == last:
            first, second = node(beside, first), node(beside, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, beside)
        at, last = at >> 1, last >> 1
    need(last == 0 and first == earlier and second == later, "the proof leads elsewhere")


# Verifying.


def read(folder: str):
    root = pathlib.Path(folder)
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def bundled(files, size: int):
    """The records of the bundles that a size has."""
    records = []
    for at in range(0, size, 256):
        data = files.get(path("entries", at // 256, min(256, size - at)), b"")
        while data:
            end = 2 + int.from_bytes(data[:2], "big")
            need(end <= len(data), "an entry is cut off")
            records.append(data[2:end])
            data = data[end:]
    return records


def hashes_and_checkpoint(data: bytes, first: str):
    head, empty, checkpoint = data.partition(b"\n\n")
    lines = utf8(head).split("\n")
    need(empty and lines[0].startswith(first), f"no `{first}` or no checkpoint")
    hashes = [decode(line) for line in lines[1:]]
    need(all(len(each) == 32 for each in hashes), "a hash has 32 bytes")
    return decimal(lines[0][len(first) :]), hashes, checkpoint


def check_proof(policy, name, data, tree):
    need(data.startswith(HEADER.encode()), "another header")
    data, extra = data[len(HEADER) :], None
    if data.startswith(b"extra "):
        line, _, data = data.partition(b"\n")
        extra = decode(utf8(line[len("extra ") :]))
    index, hashes, checkpoint = hashes_and_checkpoint(data, "index ")
    size, root, witnessed = policy.open(checkpoint)
    need(witnessed and name == f"proofs/{size}/{index}", "unwitnessed, or of another place")
    need(extra in (None, tree.records[index]), "the extra data is not the record")
    need(included(tree.leaves[index], index, size, hashes) == root, "the proof leads elsewhere")
    need(hashes == tree.path(index, 0, size), "proved otherwise")


def check_consistency(policy, name, files, tree):
    old, hashes, checkpoint = hashes_and_checkpoint(files[name], "old ")
    earlier, size = policy.open(files[f"checkpoints/{old}"]), policy.open(checkpoint)
    need(size[2] and name == f"consistency/{old}-{size[0]}", "unwitnessed, or of other sizes")
    continued(old, earlier[1], size[0], size[1], hashes)
    need(hashes == tree.consistency(old, size[0]), "proved otherwise")


def check_signatures(records, verifiers):
    """The authors' signatures: over the entry without what the ledger added, in canonical form."""
    known = {f"{verifier.name}+{verifier.id.hex()}": verifier for verifier in verifiers}
    for record in records:
        entry = json.loads(record)
        signature = decode(entry.pop("signature"))
        for added in ("sequence", "recordedtime", "prevhash", "streamversion", "streamprevhash"):
            del entry[added]
        need(entry["keyid"] in known, f"{entry['keyid']} is not in keys")
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        known[entry["keyid"]].verify("annals/entry/v1\n" + text, signature)


def verify(files) -> str:
    counts, heads = {}, {}
    need("policy" in files, "there is no policy")
    policy = Policy(files["policy"])
    for name, data in files.items():
        kind, _, rest = name.partition("/")
        counts[kind] = counts.get(kind, 0) + 1
        if kind in ("checkpoints", "strangers", "unwitnessed"):
            try:
                size, root, witnessed = policy.open(data)
                need(witnessed == (kind != "unwitnessed"), f"the quorum: {witnessed}")
                need(kind != "checkpoints" or rest == str(size), f"a size of {size}")
            except Bad as error:
                raise Bad(f"{name}: {error}") from error
            heads[name] = (size, root)
        elif kind == "refused":
            try:
                policy.open(data)
            except Bad:
                continue
            raise Bad(f"{name}: accepted")
        else:
            later = ("policy", "entries.jsonl", "keys", "proofs", "consistency", "tile")
            need(kind in later, f"{name} belongs to nothing")

    largest = max((size for size, _ in heads.values()), default=0)
    records = bundled(files, largest)
    if "entries.jsonl" in files:
        need(files["entries.jsonl"].endswith(b"\n"), "the last line is cut off")
        records = files["entries.jsonl"].split(b"\n")[:-1]
    need(len(records) == largest, f"{len(records)} records for a size of {largest}")
    tree = Tree(records)
    tiles = {}
    for name, (size, root) in heads.items():
        need(tree.root(0, size) == root, f"{name}: the records lead elsewhere")
        if name.startswith("checkpoints/"):
            tiles.update(tree.tiles(size))
    found = {name: data for name, data in files.items() if name.startswith("tile/")}
    need(not found or found == tiles, "the tiles are not those of the records")
    for name, data in files.items():
        try:
            if name.startswith("proofs/"):
                check_proof(policy, name, data, tree)
            elif name.startswith("consistency/"):
                check_consistency(policy, name, files, tree)
        except (Bad, KeyError, IndexError) as error:
            raise Bad(f"{name}: {error!r}") from error
    if "keys" in files:
        keys = utf8(files["keys"])
        need(keys.endswith("\n"), "keys: cut off")
        check_signatures(records, [Verifier(line) for line in keys[:-1].split("\n")])
    kinds = ("checkpoints", "strangers", "unwitnessed", "refused", "proofs", "consistency", "tile")
    count = [counts.get(kind, 0) for kind in kinds]
    return (
        "{} records, {} checkpoints, {} with strangers, {} unwitnessed, {} refused, {} proofs, "
        "{} of consistency, {} tiles"
    ).format(len(records), *count)


def self_test(files) -> str:
    verify(files)

    def damages(data):
        for at in range(0, len(data), len(data) // 3 + 1):
            yield f"byte {at}", data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        yield "its last byte", data[:-1] + bytes([data[-1] ^ 1])
        yield "cut", data[:-1]

    tried, missed = 0, []
    for name, data in files.items():
        # These hold what counts for nothing, or is to be refused anyway.
        if name.startswith(("strangers/", "unwitnessed/", "refused/")):
            continue
        for what, damaged in damages(data):
            tried += 1
            try:
                verify(files | {name: damaged})
                missed.append(f"{name} {what}")
            except Bad:
                pass
    need(not missed, f"not refused: {', '.join(missed)}")
    return f"{tried} changed bytes, all refused"


# Making.


def make(folder: str, seed: int, sizes):
    chance = random.Random(seed)
    origin = "python.example/log"

    def signer(name, kind):
        return Signer(name, kind, chance.randbytes(32))

    log, rotated = signer(origin, NOTE), signer(origin, NOTE)
    dk, kr, third = (signer(f"{party}/witness-1", COSIGNATURE) for party in ("DK", "KR", "third.example"))
    files = {
        "policy": f"# of both parties; the third counts for nothing\n\nlog {log.vkey()}\n"
        f"witness DK {dk.vkey()}\nwitness\tKR  {kr.vkey()}\nwitness third {third.vkey()}\n"
        "group parties 2 DK KR\n group both any parties\nquorum both\n"
    }
    records = [chance.randbytes(chance.randrange(40)) for _ in range(sizes[-1])]
    tree = Tree(records)

    def text(size):
        return f"{origin}\n{size}\n{encode(tree.root(0, size))}\n"

    def cosigned(size):
        lines = [log.sign(text(size)), *(key.cosign(text(size), chance.randrange(1 << 33)) for key in (dk, kr))]
        # Their order means nothing.
        chance.shuffle(lines)
        return f"{text(size)}\n{''.join(lines)}"

    before = sizes[0]
    for size in sizes:
        signed = files[f"checkpoints/{size}"] = cosigned(size)
        files.update(tree.tiles(size))
        for index in {0, chance.randrange(size), size - 1} if size else ():
            extra = f"extra {encode(records[index])}\n" if records[index] and index % 2 else ""
            hashes = "".join(encode(each) + "\n" for each in tree.path(index, 0, size))
            files[f"proofs/{size}/{index}"] = f"{HEADER}{extra}index {index}\n{hashes}\n{signed}"
        for old in {sizes[0], before, size}:
            hashes = "".join(encode(each) + "\n" for each in tree.consistency(old, size))
            files[f"consistency/{old}-{size}"] = f"old {old}\n{hashes}\n{signed}"
        before = size

    body = text(sizes[-1])
    lines = [log.sign(body), dk.cosign(body, 1), kr.cosign(body, 2)]

    def note(*lines, body=body):
        return f"{body}\n{''.join(lines)}"

    files["strangers/rotated"] = note(rotated.sign(body), *lines)
    files["strangers/not-in-the-quorum"] = note(*lines, third.cosign(body, 3))
    files["strangers/twice"] = note(*lines, dk.cosign(body, 3))
    # As long as one of ML-DSA-44, with an id of its own.
    files["strangers/of-another-kind"] = note(*lines, f"— {dk.name} {encode(b'long' + bytes(2428))}\n")
    # The id of a known key, and another name.
    files["strangers/of-another-name"] = note(*lines, f"— XX/witness-1 {encode(dk.id + bytes(72))}\n")
    files["unwitnessed/by-the-log-alone"] = note(lines[0])
    files["unwitnessed/by-one-party"] = note(lines[0], lines[1])
    files["unwitnessed/by-a-third"] = note(lines[0], lines[2], third.cosign(body, 3))
    files["refused/by-witnesses-alone"] = note(lines[1], lines[2])
    files["refused/as-a-log-signs"] = note(lines[0], dk.line(bytes(8) + dk.key.sign(body.encode())), lines[2])
    moved = dk.line((2).to_bytes(8, "big") + base64.b64decode(lines[1].split(" ")[2])[12:])
    files["refused/another-time"] = note(lines[0], moved, lines[2])
    files["refused/too-late"] = note(lines[0], dk.cosign(body, 1 << 63), lines[2])
    files["refused/forged-beside-one-that-holds"] = note(dk.line(bytes(72)), *lines)
    files["refused/of-another-log"] = note(*lines, body=body.replace(origin, origin + "2"))
    files["refused/by-another-key"] = note(rotated.sign(body), lines[1], lines[2])
    for name, data in files.items():
        file = pathlib.Path(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())


def main():
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["verify"] and len(arguments) == 2:
            print(verify(read(arguments[1])))
        elif arguments[:1] == ["self-test"] and len(arguments) == 2:
            print(self_test(read(arguments[1])))
        elif arguments[:1] == ["make"] and len(arguments) > 3:
            make(arguments[1], int(arguments[2]), [int(size) for size in arguments[3:]])
        else:
            print(__doc__, file=sys.stderr)
            return 2
        return 0
    except Bad as error:
        print(f"BAD {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
