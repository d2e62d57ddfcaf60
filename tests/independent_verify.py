#!/usr/bin/env python3
"""Verifies an export of a ledger (one entry a line) with Python's standard library alone.

Checked: that each line is in canonical form as far as Python can write it, the sequence, the times, the chain, the
stream chains, and what is attested of the streams. Not checked here: signatures, authority, rules.

    independent_verify.py FILE               prints the head; exit 1 and the first bad line otherwise
    independent_verify.py --self-test FILE   damages FILE in memory in many ways, each of which must be caught
"""

import hashlib
import json
import sys

NONE = "0" * 64


class Bad(Exception):
    pass


def once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Bad("a member occurs twice")
    return members


def verify(data: bytes):
    if not data:
        raise Bad("no entries are no history")
    if not data.endswith(b"\n"):
        raise Bad("the last line has no newline")
    previous, recorded, streams, size = NONE, "", {}, 0
    for number, line in enumerate(data.split(b"\n")[:-1]):
        try:
            entry = json.loads(line, object_pairs_hook=once)
            again = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
            if again != line:
                raise Bad("not in canonical form")
            version, before = streams.get(entry["subject"], (0, NONE))
            for name, expected in [
                ("sequence", f"{number:012}"),
                ("prevhash", previous),
                ("streamversion", version + 1),
                ("streamprevhash", before),
            ]:
                if entry[name] != expected:
                    raise Bad(f"{name} is {entry[name]}, expected {expected}")
            if entry["type"] == "annals.streams.attested.v1" and entry["data"] != attested(streams, number):
                raise Bad(f"it attests {entry['data']}, expected {attested(streams, number)}")
            if entry["recordedtime"] < recorded:
                raise Bad(f"recordedtime {entry['recordedtime']} is before {recorded}")
        except (ValueError, KeyError, TypeError) as error:
            raise Bad(f"entry {number}: {error!r}") from error
        except Bad as error:
            raise Bad(f"entry {number}: {error}") from error
        previous = hashlib.sha256(b"\0" + line).hexdigest()
        recorded, size = entry["recordedtime"], number + 1
        streams[entry["subject"]] = (entry["streamversion"], previous)
    return size, previous, len(streams)


def attested(streams, size):
    """What can be attested of streams: where each of them ends, in byte order of their subjects, under one root."""

    def leaf(subject):
        version, head = streams[subject]
        line = json.dumps({"head": head, "subject": subject, "version": version}, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(b"\0" + line.encode()).digest()

    def root(hashes):
        if len(hashes) == 1:
            return hashes[0]
        left = 1 << (len(hashes) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + root(hashes[:left]) + root(hashes[left:])).digest()

    leaves = [leaf(subject) for subject in sorted(streams, key=str.encode)]
    return {"count": len(leaves), "root": root(leaves).hex() if leaves else "", "size": size}


def self_test(data: bytes):
    lines = data.splitlines(keepends=True)

    def damages():
        yield "an entry dropped", b"".join(lines[:1] + lines[2:])
        yield "an entry repeated", b"".join(lines[:2] + lines[1:])
        yield "two entries exchanged", b"".join([lines[1], lines[0]] + lines[2:])
        yield "the last line cut", data[:-1]
        yield "white space added", data.replace(b'":', b'": ', 1)
        # The last line is left out: without a checkpoint nothing that follows can contradict it. Each try reads it all,
        # so that a long export is tried in as many places as a short one.
        for at in range(0, len(data) - len(lines[-1]), max(7, len(data) // 499)):
            yield f"bit flipped in byte {at}", data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    tried = 0
    missed = []
    for name, damaged in damages():
        tried += 1
        try:
            verify(damaged)
            missed.append(name)
        except Bad:
            pass
    if missed:
        raise Bad(f"not caught: {', '.join(missed)}")
    return tried


def main():
    arguments = sys.argv[1:]
    if len(arguments) != (2 if arguments[:1] == ["--self-test"] else 1) or arguments[0] in ("-h", "--help"):
        print(__doc__, file=sys.stderr)
        return 2
    testing = arguments[:1] == ["--self-test"]
    with open(arguments[-1], "rb") as file:
        data = file.read()
    try:
        if testing:
            print(f"{self_test(data)} damages, all caught")
            return 0
        size, head, streams = verify(data)
        print(f"{size} entries in {streams} streams, head {head}")
        return 0
    except Bad as error:
        print(f"BAD {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
