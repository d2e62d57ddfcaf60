#!/usr/bin/env python3
"""The verifier of the HTML report (src/report/html), in Chromium, offline, from a file.

It is held against the vectors that all verifiers share, against ledgers and checkpoints that are made here with keys in
hand, and against attacks, each of which the check that it concerns has to refuse for the reason it is refused.

    verifier.py                prints a line for each group; exit 1 at the first failure, with what went wrong
    verifier.py --page FILE    opens a report, as a reader does, and prints what it has found of itself: passed,
                               failed or unsupported; exit 1 if it found nothing in time, asked for anything else, or
                               raised an error

Needs Chromium, and Python's package `cryptography`.
"""

import base64
import fcntl
import hashlib
import html
import json
import os
import pathlib
import random
import select
import signal
import subprocess
import sys
import tempfile
import time

from foreign import COSIGNATURE, NOTE, Signer, Tree, encode

HERE = pathlib.Path(__file__).resolve().parent
VECTORS, REPORT = HERE.parent / "vectors", HERE.parent.parent / "src" / "report" / "html"
NONE = "0" * 64
# Of the group of Ed25519 (RFC 8032 §5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493
# Nothing here takes a tenth of it; a browser that hangs is ended.
PATIENCE = 120


def labels():
    """The English words of the page, as the program puts them into it."""
    lines = (REPORT.parent / "labels" / "en.ftl").read_text(encoding="utf-8").splitlines()
    pairs = (line.removeprefix("verify-").split(" = ", 1) for line in lines if line.startswith("verify-"))
    return {key.replace("-", ".", 1): text.replace("{ $", "{").replace(" }", "}") for key, text in pairs}


class Bad(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Bad(why)


def text(name):
    return (VECTORS / name).read_bytes().decode()


# The browser.


def pipe():
    """Its two ends under high numbers, so that none is one of the two on which Chromium listens and answers."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """Chromium, spoken to in its DevTools protocol over a pipe: no port is opened, and no driver is needed."""

    def __init__(self, folder):
        ours_in, theirs_out = pipe()
        theirs_in, ours_out = pipe()
        command = [
            "chromium",
            "--headless",
            "--remote-debugging-pipe",
            f"--user-data-dir={folder}/profile",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--disable-sync",
            "--no-first-run",
            # Offline: no name has an address, and whatever asks for one all the same meets a closed port.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--proxy-server=127.0.0.1:9",
        ]
        if os.geteuid() == 0:
            # Its sandbox does not start for root, as whom tests run in a container.
            command.append("--no-sandbox")
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *command],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.input, self.output = ours_in, ours_out
        self.held, self.number, self.session, self.events = b"", 0, None, []

    def __enter__(self):
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network"):
                self.call(f"{domain}.enable")
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        # Its own group, which is Chromium and the processes that it started.
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        except ProcessLookupError:
            pass

    def message(self, deadline):
        while b"\0" not in self.held:
            left = deadline - time.monotonic()
            need(left > 0 and select.select([self.input], [], [], left)[0], "Chromium has not answered in time")
            more = os.read(self.input, 1 << 20)
            need(more, "Chromium has ended, or is not installed")
            self.held += more
        line, _, self.held = self.held.partition(b"\0")
        return json.loads(line)

    def call(self, method, **params):
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        line = json.dumps(command).encode() + b"\0"
        try:
            while line:
                line = line[os.write(self.output, line) :]
        except BrokenPipeError as error:
            raise Bad("Chromium has ended, or is not installed") from error
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                need("error" not in message, f"{method}: {message.get('error')}")
                return message["result"]
            self.events.append(message)

    def run(self, expression):
        """The value of an expression in the page, which may be one that is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        fault = answer.get("exceptionDetails")
        need(not fault, f"the page raised {fault and fault.get('exception', {}).get('description', fault['text'])}")
        return answer["result"].get("value")

    def open(self, file):
        self.events.clear()
        self.call("Page.navigate", url=pathlib.Path(file).resolve().as_uri())
        deadline = time.monotonic() + PATIENCE
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message(deadline))

    def wait(self, expression):
        deadline = time.monotonic() + PATIENCE
        while not (value := self.run(expression)):
            need(time.monotonic() < deadline, f"not in {PATIENCE} seconds: {expression}")
            time.sleep(0.05)
        return value

    def complaints(self, file):
        """What a page of its own file does not do: ask for something else, or raise an error that nobody catches."""
        own = pathlib.Path(file).resolve().as_uri()
        for event in self.events:
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                if url != own and not url.startswith("data:"):
                    yield f"it asks for {url}"
            elif event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                yield details.get("exception", {}).get("description", details["text"])


def verified(browser, file):
    browser.open(file)
    found = browser.wait("document.documentElement.dataset.verified")
    complaints = list(browser.complaints(file))
    need(not complaints, f"{file}: {'; '.join(complaints)}")
    need(found in ("passed", "failed", "unsupported"), f"{file} says {found}")
    lost = browser.run("[...document.querySelectorAll('main section, main tr')].filter((part) => !part.checkVisibility()).length")
    need(lost == 0, f"{file}: {lost} parts of what it says are not shown")
    return found


# Ledgers, made here.


def canonical(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def leaf(line) -> str:
    return hashlib.sha256(b"\0" + line.encode()).hexdigest()


def when(number) -> str:
    return f"2021-05-11T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"


class Ledger:
    """A ledger of two parties. Its entries are signed and sealed as they should be, but for what a test asks for."""

    ORIGIN = "annals.example/made"

    def __init__(self, **opening):
        self.lines, self.streams, self.made = [], {}, 0
        self.log = self.key(self.ORIGIN)
        self.dk, self.kr = self.key("DK/authority-1"), self.key("KR/authority-1")
        self.witnesses = [self.key("DK/witness-1", COSIGNATURE), self.key("KR/witness-1", COSIGNATURE)]
        others = [self.key("DK/authority-2"), self.key("KR/authority-2")]
        parties = [
            {"id": id, "authority": [one.vkey(), other.vkey()], "witness": [witness.vkey()]}
            for id, one, other, witness in zip(("DK", "KR"), (self.dk, self.kr), others, self.witnesses)
        ]
        data = {"clock": "illustrative", "ledger_key": self.log.vkey(), "origin": self.ORIGIN, "parties": parties}
        self.append(self.dk, "ledger.opened", "ledger", data | opening)

    def key(self, name, kind=NOTE):
        self.made += 1
        return Signer(name, kind, self.made.to_bytes(32, "big"))

    def append(self, signer, type, subject, data, sign=None, **changes):
        """`changes` are of any attribute, made before it is signed or sealed; `sign` may sign otherwise."""
        sequence, head = len(self.lines), leaf(self.lines[-1]) if self.lines else NONE
        version, before = self.streams.get(subject, (0, NONE))
        seal = {
            "sequence": f"{sequence:012}",
            "recordedtime": when(sequence),
            "prevhash": head,
            "streamversion": version + 1,
            "streamprevhash": before,
        }
        signed = {
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "ledger": self.ORIGIN,
            "id": f"01795a70-9c00-7000-8000-{sequence:012x}",
            "source": f"parties/{signer.name[:2]}",
            "subject": subject,
            "type": f"annals.{type}.v1",
            "time": when(sequence),
            "keyid": f"{signer.name}+{signer.id.hex()}",
            "basehash": head,
            "data": data,
        }
        signed |= {name: value for name, value in changes.items() if name not in seal}
        message = b"annals/entry/v1\n" + canonical(signed).encode()
        signature = encode((sign or signer.key.sign)(message))
        line = canonical(signed | {"signature": signature} | seal | changes)
        self.lines.append(line)
        self.streams[subject] = (version + 1, leaf(line))
        return self

    def say(self, count=1, **changes):
        for _ in range(count):
            said = {"data": {"note": f"{len(self.lines)} 공동 행동"}} | changes
            self.append(self.dk, "vector.said", f"actions/{len(self.lines) % 3}", **said)
        return self

    def text(self):
        return "".join(line + "\n" for line in self.lines)

    def tree(self):
        return Tree([line.encode() for line in self.lines])

    def checkpoint(self, size=None, log=None, witnesses=None):
        size = len(self.lines) if size is None else size
        body = f"{self.ORIGIN}\n{size}\n{encode(self.tree().root(0, size))}\n"
        witnesses = self.witnesses if witnesses is None else witnesses
        lines = [(log or self.log).sign(body)] + [key.cosign(body, 1620000000 + at) for at, key in enumerate(witnesses)]
        return f"{body}\n{''.join(lines)}"

    def proof(self, held, size):
        return [encode(each) for each in self.tree().consistency(held, size)]

    def policy(self, log=None, witnesses=None, threshold="all"):
        witnesses = self.witnesses if witnesses is None else witnesses
        names = [f"w{at}" for at in range(len(witnesses))]
        lines = [f"log {(log or self.log).vkey()}"]
        lines += [f"witness {name} {key.vkey()}" for name, key in zip(names, witnesses)]
        lines += [f"group g {threshold} {' '.join(names)}", "quorum g"]
        return {"policy": "".join(line + "\n" for line in lines)}

    def adopt(self, **policy):
        for signer in (self.dk, self.kr):
            self.append(signer, "policy.adopted", "ledger", self.policy(**policy))
        return self


# What is expected.


class Page:
    """The verifier in a page, and cases that it is asked all at once."""

    def __init__(self, browser, folder):
        self.browser = browser
        source = (REPORT / "verifier.js").read_text(encoding="utf-8")
        need("</" not in source and "<!--" not in source, "verifier.js would end the element in which it stands")
        file = pathlib.Path(folder, "verifier.html")
        file.write_text(f'<!doctype html><meta charset="utf-8"><script>{source}</script>', encoding="utf-8")
        browser.open(file)
        self.file, self.faults = file, set()
        self.words = labels()

    def verify(self, cases):
        """The answers, each with its checks by name. An exception is a failure, and so is an unforeseen fault."""
        cases = list(cases)
        found = self.browser.run(f"Promise.all({json.dumps(cases)}.map((given) => annals.verify(given)))")
        for case, answer in zip(cases, found):
            checks = answer["checks"] = {check["name"]: check for check in answer["checks"]}
            verdicts = [check["verdict"] for check in checks.values()]
            need(answer["holds"] == ("failed" not in verdicts), f"holds is {answer['holds']} with {verdicts}")
            need("unsupported" not in verdicts, "this Chromium has no Ed25519")
            need(checks["rules"]["verdict"] == checks["authority"]["verdict"] == "unchecked", "more than is checked")
            self.faults |= {check["detail"]["code"] for check in checks.values() if check["verdict"] == "failed"}
            errors = [check for check in checks.values() if check["detail"].get("code") == "error"]
            need(not errors, f"{errors} of {str(case)[:2000]}")
        return found

    def expect(self, cases):
        """Of each case (what it is, what is given, verdicts by check): a verdict, or of a failure its code."""
        cases = list(cases)
        for (what, _, expected), answer in zip(cases, self.verify(given for _, given, _ in cases)):
            for name, verdict in expected.items():
                check = answer["checks"][name]
                found = check["detail"]["code"] if check["verdict"] == "failed" else check["verdict"]
                need(found == verdict, f"{what}: {name} is {found}, and {verdict} is expected: {answer}")
        return len(cases)


SOUND = {"form": "passed", "chain": "passed", "signatures": "passed"}
WITNESSED = SOUND | {"tree": "passed", "cosignatures": "passed"}


def vectors(page):
    values = json.loads(text("values.json"))
    first = values["entries"][0]["leaf_hash"]
    entries = {"entries": text("entries.jsonl"), "keys": [key["vkey"] for key in values["keys"]]}
    cosigned = entries | {"checkpoint": text("cosigned.txt"), "policy": text("policy.txt")}
    alone = cosigned | {"checkpoint": text("checkpoint.txt")}
    cases = [
        (name, {"entries": text(name)}, SOUND | {"tree": "absent", "cosignatures": "absent"})
        for name in ("history.jsonl", "review.jsonl")
    ]
    cases += [
        ("cosigned.txt", cosigned, WITNESSED | {"root": "absent"}),
        ("checkpoint.txt", alone, WITNESSED | {"cosignatures": "partial"}),
        ("with a root", cosigned | {"root": first}, WITNESSED | {"root": "passed"}),
        ("another root", cosigned | {"root": values["entries"][1]["leaf_hash"]}, WITNESSED | {"root": "root"}),
        ("keys of nowhere", {"entries": text("entries.jsonl")}, SOUND | {"signatures": "keyid"}),
    ]
    page.expect(cases)
    answers = page.verify([cosigned, alone])
    need(answers[0]["head"] == values["entries"][-1]["leaf_hash"] and answers[0]["size"] == 6, "another head")
    signed = answers[0]["checks"]["cosignatures"]["detail"]
    names = [(each["name"], each["party"], each["time"]) for each in signed["signed"]]
    need(names == [("DK/witness-1", "DK", 1618652400), ("KR/witness-1", "KR", 1618656007)], f"{names}")
    need(signed["missing"] == [] and signed["unwitnessed"] == 0, f"{signed}")
    missing = answers[1]["checks"]["cosignatures"]["detail"]["missing"]
    need(missing == ["DK", "KR"], f"missing is {missing}")
    return f"{len(cases)} histories and checkpoints"


def forms(page):
    canonical_forms = json.loads(text("canonical.json"))
    # A page holds text; bytes that are none have become U+FFFD before a verifier sees them, and another hash.
    refused = [form["text"] for form in canonical_forms["refused"] if "text" in form]
    read = "%s.map((form) => { try { annals.read(form); return true; } catch (fault) { return fault.detail.code; } })"
    for form, found in zip(
        canonical_forms["accepted"], page.browser.run(read % json.dumps(canonical_forms["accepted"]))
    ):
        need(found is True, f"{form!r} is refused")
    for form, found in zip(refused, page.browser.run(read % json.dumps(refused))):
        need(found == "canonical", f"{form!r} is accepted")
    signatures = json.loads(text("signatures.json"))
    for case in signatures["signatures"]:
        key, signature, message = case["public_key"], case["signature"], case["message"].encode().hex()
        found = page.browser.run(f"""(async () => {{
              const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
              const key = await crypto.subtle.importKey('raw', bytes('{key}'), 'Ed25519', false, ['verify']);
              return annals.isSigned({{ crypto: key }}, bytes('{message}'), bytes('{signature}'));
            }})()""")
        need(found == case["valid"], f"{case['why']}: {found}")
    made = Signer("a", NOTE, bytes(32))
    keys = [(Signer("a" * 192, NOTE, bytes(32)).vkey(), True), (Signer("a" * 193, NOTE, bytes(32)).vkey(), False)]
    keys += [(Signer(f"a{sign}a", NOTE, bytes(32)).vkey(), False) for sign in " \t\x85\u3000"]
    keys += [(made.vkey(), True), (made.vkey() + "\n", False), (made.vkey().replace("a+", "b+"), False)]
    # Every y that can be written in two ways, in the wrong one; some of them are of points of prime order.
    twice = [(2**255 - 19 + y).to_bytes(32, "little") for y in range(19)]
    for raw in [*twice, *(bytes.fromhex(case["public_key"]) for case in signatures["refused_keys"])]:
        material = NOTE + raw
        id = hashlib.sha256(b"a\n" + material).digest()[:4].hex()
        keys.append((f"a+{id}+{encode(material)}", False))
    for vkey, expected in keys:
        found = page.browser.run(f"annals.readKey({json.dumps(vkey)}).then(() => true, (fault) => fault.detail.code)")
        need(found == (True if expected else "key") or (found, expected) == ("base64", False), f"{vkey!r}: {found}")
    tried = len(canonical_forms["accepted"]) + len(refused), len(signatures["signatures"]), len(keys)
    return "%s forms, %s signatures, %s keys" % tried


def refused_notes(page):
    """Checkpoints and policies of which each has one thing that is wrong, or nothing."""
    ledger = Ledger()
    note, policy = ledger.checkpoint(), ledger.policy()["policy"]
    body, logged = note.partition("—")[0], note.splitlines(keepends=True)[4]
    witness, other = ledger.witnesses
    log = f"log {ledger.log.vkey()}\n"
    first, second = f"witness a {witness.vkey()}\n", f"witness b {other.vkey()}\n"
    both = log + first + second
    # The same bytes under another name, which would be two witnesses of one.
    twin = Signer("XX/witness-1", COSIGNATURE, (4).to_bytes(32, "big"))
    need(twin.material == witness.material, "no twin")
    checkpoints = {
        note: True,
        note.replace("made\n", "made\t\n", 1): "note",
        note.replace("made\n", "made\ud800\n", 1): "note",
        note.replace("\n\n", "\n"): "note",
        note + "\n": "note",
        "x" + logged: "note",
        body + logged * 101: "note",
        body + logged * 100: True,
        note.replace("— ", "- ", 1): "note",
        note.replace(" DK", "  DK", 1): "note",
        note + f"— a {encode(b'long')}\n": "note",
        note + f"— a {encode(b'long' * 190000)}\n": "note",
        note + f"— a {encode(b'short')}\n": True,
        # Names hold what the specification lets them: control characters above ASCII's first, and no white space.
        note + f"— a\x7f\x9f\u202e {encode(b'short')}\n": True,
        note + f"— a\x85 {encode(b'short')}\n": "note",
        note.replace("\n1\n", "\n9007199254740992\n"): "checkpoint",
        note.replace("\n1\n", "\n-1\n"): "checkpoint",
        note.replace("\n1\n", "\n\n"): "checkpoint",
    }
    policies = {
        policy: True,
        "quorum none\n": True,
        f"# a\n\n \t{both}group\tg 1 a b\ngroup h all g\nquorum h\n": True,
        f"{log[:-1]} https://a.example\nquorum none\n": True,
        policy[:-1]: "policy",
        policy + "# a": "policy",
        policy + "# \x01\n": "policy",
        "": "policy",
        log: "policy",
        log + "quorum none\nquorum none\n": "policy",
        log + "quorum a\n": "policy",
        log * 2 + "quorum none\n": "policy",
        log + "quorum none\r\n": "policy",
        log + "quorum none a\n": "policy",
        log + "quorum none # a\n": "policy",
        log + "witnesses a\nquorum none\n": "policy",
        log + first + f"witness a {other.vkey()}\nquorum a\n": "policy",
        log + first + f"witness b {twin.vkey()}\nquorum a\n": "policy",
        log + f"witness none {witness.vkey()}\nquorum none\n": "policy",
        log + f"witness a {ledger.dk.vkey()}\nquorum a\n": "policy",
        log + "witness a a+b\nquorum a\n": "key",
        f"log {witness.vkey()}\nquorum none\n": "policy",
        log + "group g all\nquorum g\n": "policy",
        log + first + "group g all a b\n" + second + "quorum g\n": "policy",
        both + "group a all b\nquorum a\n": "policy",
        both + "group g all a b\ngroup h all g a\nquorum h\n": "policy",
        "#\n" * 1024 + "quorum none\n": "policy",
        "#\n" * 1023 + "quorum none\n": True,
    }
    policies |= {f"{both}group g {word} a b\nquorum g\n": "policy" for word in ("3", "0", "01", "most", "constructor")}
    policies |= {f"{both}group g {word} a a\nquorum g\n": "policy" for word in ("all", "1")}
    for read, cases in [("readCheckpoint", checkpoints), ("readPolicy", policies)]:
        found = page.browser.run(f"""Promise.all({json.dumps(list(cases))}.map(async (text) => {{
              try {{
                await annals.{read}(text);
                return true;
              }} catch (fault) {{
                return fault.detail?.code ?? String(fault);
              }}
            }}))""")
        for (case, expected), answer in zip(cases.items(), found):
            need(answer == expected, f"{read} of {case[:300]!r}: {answer}, and {expected} is expected")
    return len(checkpoints) + len(policies)


def notes(page):
    """The logs that other programs made: policies, checkpoints and proofs in the formats of C2SP."""
    tried = refused_notes(page)
    judged = """annals.readPolicy(%s)
      .then((policy) => annals.judge(annals.readCheckpoint(%s), policy))
      .then((found) => found.isMet, (fault) => fault.detail.code)"""
    for log in sorted((VECTORS / "foreign").iterdir()):
        if not log.is_dir():
            continue
        policy, sizes = json.dumps((log / "policy").read_text(encoding="utf-8")), {}
        for kind, expected in [("checkpoints", True), ("strangers", True), ("unwitnessed", False), ("refused", None)]:
            for file in sorted((log / kind).glob("*")):
                note = file.read_bytes().decode("utf-8", "replace")
                found, tried = page.browser.run(judged % (policy, json.dumps(note))), tried + 1
                need(found is expected if expected is not None else isinstance(found, str), f"{file}: {found}")
                if kind == "checkpoints":
                    sizes[file.name] = note.split("\n")[2]
        for file in sorted((log / "consistency").glob("*")):
            old, size = file.name.split("-")
            hashes = file.read_text(encoding="utf-8").partition("\n\n")[0].split("\n")[1:]
            holds = """(() => {
              const bytes = (text) => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
              return annals.continues(%s, bytes('%s'), %s, bytes('%s'), %s.map(bytes));
            })()"""
            found = page.browser.run(holds % (old, sizes[old], size, sizes[size], json.dumps(hashes)))
            need(found is True, f"{file}: {found}")
            tried += 1
    need(tried > 50, f"{tried} notes and proofs of others")
    return f"{tried} notes and proofs that other programs made"


def prefixes(page):
    """Some of the entries, with a checkpoint of more and the proof that leads there; and all, with an earlier one."""
    values = json.loads(text("values.json"))
    lines, cosigned = text("entries.jsonl").splitlines(keepends=True), text("cosigned.txt")
    tree = Tree([line[:-1].encode() for line in lines])
    known = {"keys": [key["vkey"] for key in values["keys"]], "policy": text("policy.txt"), "checkpoint": cosigned}
    proofs = [
        ("".join(lines[:held]), known, [encode(each) for each in tree.consistency(held, 6)], held, 6)
        for held in range(1, 6)
    ]
    ledger = Ledger().say(36)
    known = {"checkpoint": ledger.checkpoint()}
    proofs += [
        ("".join(line + "\n" for line in ledger.lines[:held]), known, ledger.proof(held, 37), held, 37)
        for held in range(1, 37)
    ]
    cases = []
    other = encode(bytes(32))
    for entries, known, proof, held, size in proofs:
        given = {"entries": entries, **known}
        what = f"{held} of {size}"
        cases.append((what, given | {"consistency": proof}, WITNESSED))
        damaged = {"one too many": [*proof, other], "the last left out": proof[:-1], "none": []}
        damaged |= {f"hash {at} changed": [*proof[:at], other, *proof[at + 1 :]] for at in range(len(proof))}
        damaged |= {"turned": proof[::-1], "short": [*proof[:-1], encode(bytes(31))], "no base64": [*proof[:-1], "A"]}
        for how, hashes in damaged.items():
            if hashes != proof:
                code = "base64" if how == "no base64" else "consistency"
                cases.append((f"{what}, {how}", given | {"consistency": hashes}, SOUND | {"tree": code}))
    # A proof that leads to the checkpoint, and from other entries than these.
    for held in range(2, 37):
        forged = rewritten(ledger.lines[:held], held - 1, lambda entry: entry["data"].update(note="something else"))
        given = {"entries": "".join(line + "\n" for line in forged), "checkpoint": ledger.checkpoint()}
        proof = {"consistency": ledger.proof(held, 37)}
        cases.append((f"other entries, {held}", given | proof, {"chain": "passed", "tree": "consistency"}))
    for size in range(1, 38):
        given = {"entries": ledger.text(), "checkpoint": ledger.checkpoint(size)}
        cases.append((f"a checkpoint of {size}", given, WITNESSED))
        cases.append((f"and a proof that is none", given | {"consistency": [other]}, SOUND | {"tree": "consistency"}))
    page.expect(cases)
    answer = page.verify([{"entries": ledger.text(), "checkpoint": ledger.checkpoint(30)}])[0]["checks"]
    need(answer["cosignatures"]["detail"]["unwitnessed"] == 7, f"{answer}")
    return f"{len(cases)} proofs, of every prefix"


def keys(page):
    """Whose word counts, and since when."""
    cases = []

    def case(what, ledger, expected, **given):
        cases.append(
            (what, {"entries": ledger.text(), "checkpoint": ledger.checkpoint()} | given, WITNESSED | expected)
        )

    case("as opened", Ledger().say(3), {})
    ledger = Ledger().say()
    newer = ledger.key("KR/witness-2", COSIGNATURE)
    mixed = [ledger.witnesses[0], newer]
    ledger.append(ledger.kr, "key.registered", "parties/KR", {"role": "witness", "vkey": newer.vkey()})
    case(
        "a witness that no policy names yet",
        ledger,
        {"cosignatures": "partial"},
        checkpoint=ledger.checkpoint(witnesses=mixed),
    )
    ledger.adopt(witnesses=mixed)
    case("a witness that was adopted", ledger, {}, checkpoint=ledger.checkpoint(witnesses=mixed))
    case("one that was replaced", ledger, {"cosignatures": "partial"})
    case("before it was replaced", ledger, {}, checkpoint=ledger.checkpoint(4))
    case("one of later entries", ledger, {"cosignatures": "partial"}, checkpoint=ledger.checkpoint(4, witnesses=mixed))
    keyid = f"{newer.name}+{newer.id.hex()}"
    ledger.append(ledger.kr, "key.revoked", "parties/KR", {"keyid": keyid})
    case("one that was revoked", ledger, {"cosignatures": "partial"}, checkpoint=ledger.checkpoint(witnesses=mixed))
    case("before it was revoked", ledger, {}, checkpoint=ledger.checkpoint(5, witnesses=mixed))

    ledger = Ledger()
    rotated = ledger.key(ledger.ORIGIN)
    ledger.append(ledger.dk, "policy.adopted", "ledger", ledger.policy(log=rotated))
    case("a policy of one party", ledger, {})
    ledger.append(ledger.kr, "policy.adopted", "ledger", ledger.policy(log=rotated))
    case("the ledger's key of before", ledger, {"cosignatures": "unsigned"})
    case("the ledger's key of now", ledger, {}, checkpoint=ledger.checkpoint(log=rotated))
    ledger.append(rotated, "vector.said", "ledger", {}, source="ledger")
    case("which signs entries", ledger, {}, checkpoint=ledger.checkpoint(log=rotated))
    ledger.append(ledger.log, "vector.said", "ledger", {}, source="ledger")
    signed = ledger.checkpoint(log=rotated)
    case("and the one of before signs none", ledger, {"signatures": "revoked"}, checkpoint=signed)
    any_one = Ledger().adopt(threshold="any")
    alone = any_one.checkpoint(witnesses=any_one.witnesses[:1])
    case(
        "a party that no policy asks for is missing all the same",
        any_one,
        {"cosignatures": "partial"},
        checkpoint=alone,
    )

    # People with keys of their own behind a history: nobody vouches for the witnesses that they name.
    ledger = Ledger()
    for party, authority in [("DK", ledger.dk), ("KR", ledger.kr)]:
        own = ledger.key(f"{party}/coordinator-1")
        data = {"role": "coordinator", "vkey": own.vkey()}
        ledger.append(authority, "key.registered", f"parties/{party}", data).append(own, "vector.said", "plan", {})
    case("coordinators speak", ledger, {})
    coordinators = [Signer(f"{id}/coordinator-1", NOTE, at.to_bytes(32, "big")) for id, at in [("DK", 8), ("KR", 9)]]
    false = [ledger.key("DK/witness-9", COSIGNATURE), ledger.key("KR/witness-9", COSIGNATURE)]
    for own, key in zip(coordinators, false):
        ledger.append(own, "key.registered", f"parties/{key.name[:2]}", {"role": "witness", "vkey": key.vkey()})
    for own in coordinators:
        ledger.append(own, "policy.adopted", "ledger", ledger.policy(witnesses=false))
    signed = ledger.checkpoint(witnesses=false)
    case("witnesses that no authority registered", ledger, {"cosignatures": "partial"}, checkpoint=signed)
    case("and those of the opening", ledger, {})

    ledger = Ledger()
    theirs = ledger.key("KR/authority-9")
    ledger.append(ledger.dk, "key.registered", "parties/KR", {"role": "authority", "vkey": theirs.vkey()})
    case(
        "a key that another party registers", ledger.append(theirs, "vector.said", "plan", {}), {"signatures": "keyid"}
    )
    ledger = Ledger()
    ledger.append(ledger.dk, "key.registered", "parties/DK", {"role": "authority", "vkey": theirs.vkey()})
    case("a key with another party's name", ledger, {"signatures": "key"})
    ledger = Ledger()
    ledger.append(ledger.dk, "key.registered", "parties/DK", {"role": "authority", "vkey": ledger.dk.vkey()})
    case("a key registered twice", ledger, {"signatures": "key"})
    ledger = Ledger()
    own = ledger.key("DK/officer-1")
    ledger.append(own, "vector.said", "plan", {})
    ledger.append(ledger.dk, "key.registered", "parties/DK", {"role": "officer", "vkey": own.vkey()})
    case("a key that is registered later", ledger, {"signatures": "keyid"})
    ledger = Ledger()
    keyid = f"{ledger.kr.name}+{ledger.kr.id.hex()}"
    other = Signer("KR/authority-2", NOTE, (7).to_bytes(32, "big"))
    ledger.append(other, "key.revoked", "parties/KR", {"keyid": keyid})
    case("a key that was revoked", ledger.append(ledger.kr, "vector.said", "plan", {}), {"signatures": "revoked"})
    ledger = Ledger()
    case(
        "a witness that signs an entry",
        ledger.append(ledger.witnesses[0], "vector.said", "plan", {}),
        {"signatures": "keyid"},
    )

    def turned(change):
        """What an opening says of its parties, after a change."""
        parties = json.loads(Ledger().lines[0])["data"]["parties"]
        change(*parties)
        return parties

    stranger = Signer("GL/witness-1", COSIGNATURE, bytes(32)).vkey()
    for what, change in [
        ("an id twice", lambda dk, kr: kr.update(id="DK")),
        ("an id that is none", lambda dk, kr: kr.update(id="")),
        ("no witness", lambda dk, kr: dk.update(witness=[])),
        ("a stranger as witness", lambda dk, kr: dk.update(witness=[stranger])),
        ("a witness as authority", lambda dk, kr: dk["authority"].extend(dk["witness"])),
        ("an authority as witness", lambda dk, kr: dk["witness"].append(dk["authority"].pop())),
        ("another party's authority", lambda dk, kr: dk["authority"].append(kr["authority"].pop())),
        ("a key twice", lambda dk, kr: dk["authority"].append(dk["authority"][0])),
    ]:
        ledger = Ledger(parties=turned(change))
        case(f"an opening with {what}", ledger, {"signatures": "key", "cosignatures": "policy"})
    twin = Ledger().say().key("DK/witness-1", COSIGNATURE)
    ledger = Ledger(parties=turned(lambda dk, kr: dk["witness"].append(twin.vkey())))
    case("one of two witnesses of one name", ledger, {"cosignatures": "partial"})
    case("both of them", ledger, {}, checkpoint=ledger.checkpoint(witnesses=[*ledger.witnesses, twin]))
    for what, data in [
        ("a witness that signs entries", {"role": "witness", "vkey": ledger.key("DK/a").vkey()}),
        ("an officer that cosigns", {"role": "officer", "vkey": ledger.key("DK/b", COSIGNATURE).vkey()}),
        ("the ledger's role", {"role": "ledger", "vkey": ledger.key("DK/c").vkey()}),
        ("no role", {"vkey": ledger.key("DK/d").vkey()}),
        ("no key", {"role": "officer"}),
        ("a list", {"role": "officer", "vkey": [ledger.key("DK/e").vkey()]}),
        ("a raw key again", {"role": "officer", "vkey": Signer("DK/f", NOTE, (2).to_bytes(32, "big")).vkey()}),
    ]:
        ledger = Ledger()
        ledger.append(ledger.dk, "key.registered", "parties/DK", data)
        case(f"registered: {what}", ledger, {"signatures": "key"})
    own, theirs = ("+".join(party["authority"][1].split("+")[:2]) for party in turned(lambda dk, kr: None))
    for what, keyids, code in [
        ("another party's", [theirs], "key"),
        ("one twice", [own, own], "key"),
        ("none", ["a"], "key"),
        ("its own", [own], "passed"),
    ]:
        ledger = Ledger()
        for keyid in keyids:
            ledger.append(ledger.dk, "key.revoked", "parties/DK", {"keyid": keyid})
        case(f"revoked: {what}", ledger, {"signatures": code})
    ledger = Ledger()
    ledger.append(ledger.dk, "key.revoked", "parties/KR", {"keyid": theirs})
    ledger.append(Signer("KR/authority-2", NOTE, (7).to_bytes(32, "big")), "vector.said", "plan", {})
    case("a key that another party revokes", ledger, {})
    for what, policy in [
        ("no policy", ""),
        ("nobody's policy", f"log {ledger.log.vkey()}\nquorum none\n"),
        ("a number", 7),
    ]:
        ledger = Ledger()
        ledger.append(ledger.dk, "policy.adopted", "ledger", {"policy": policy})
        case(what, ledger, {"signatures": "key"})
    for what, data in [
        ("text", {"parties": "x"}),
        ("null", {"parties": [{}]}),
        ("number", {"parties": 7, "ledger_key": 1}),
    ]:
        case(f"an opening with a {what}", Ledger(**data), {"signatures": "key", "cosignatures": "policy"})
    for seed, public in enumerate(json.loads(text("signatures.json"))["refused_keys"]):
        ledger = Ledger()
        material = NOTE + bytes.fromhex(public["public_key"])
        id = hashlib.sha256(b"DK/weak\n" + material).digest()[:4].hex()
        data = {"role": "officer", "vkey": f"DK/weak+{id}+{encode(material)}"}
        ledger.append(ledger.dk, "key.registered", "parties/DK", data)
        case(public["why"], ledger, {"signatures": "key"})
    page.expect(cases)
    return f"{len(cases)} ledgers, of keys, policies and witnesses"


def small(signer, seed):
    """A signature whose R is the neutral element: the equation of RFC 8032 holds, and a strict verifier refuses it."""

    def sign(message):
        half = bytearray(hashlib.sha512(seed).digest()[:32])
        half[0], half[31] = half[0] & 248, half[31] & 127 | 64
        r = (1).to_bytes(32, "little")
        k = int.from_bytes(hashlib.sha512(r + signer.material[1:] + message).digest(), "little")
        return r + (k * int.from_bytes(half, "little") % ORDER).to_bytes(32, "little")

    return sign


def rewritten(lines, at, change):
    """A history whose entry `at` says something else, with every hash after it computed anew, as a forger does it."""
    made, heads, names = [], {}, {NONE: NONE}
    for number, line in enumerate(lines):
        entry = json.loads(line)
        if number == at:
            change(entry)
        entry["prevhash"] = leaf(made[-1]) if made else NONE
        entry["basehash"] = names[entry["basehash"]]
        entry["streamprevhash"] = heads.get(entry["subject"], NONE)
        made.append(canonical(entry))
        names[leaf(line)] = heads[entry["subject"]] = leaf(made[-1])
    return made


def attacks(page):
    ledger = Ledger().say(12)
    lines, signed = ledger.lines, ledger.checkpoint()
    cases = []

    def case(what, entries, expected, **given):
        given = {
            "entries": "".join(line + "\n" for line in entries),
            "checkpoint": signed,
            "root": leaf(lines[0]),
        } | given
        cases.append((what, given, expected))

    def of(line, name):
        return json.loads(line)[name]

    def with_line(at, line):
        return [*lines[:at], line, *lines[at + 1 :]]

    case("nothing was done", lines, WITNESSED | {"root": "passed"})
    for at in range(1, len(lines)):
        case(
            f"{at} dropped",
            lines[:at] + lines[at + 1 :],
            {"chain": "sequence" if at < 12 else "passed", "tree": "consistency"},
        )
        case(
            f"{at} repeated",
            lines[: at + 1] + lines[at:],
            {"chain": "sequence", "tree": "tree" if at < 12 else "passed"},
        )
        case(
            f"{at} and the one before it",
            [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]],
            {"chain": "sequence", "tree": "tree"},
        )
        case(f"cut off at {at}", lines[:at], SOUND | {"tree": "consistency", "cosignatures": "passed"})
        signature = of(lines[at - 1], "signature")
        moved = lines[at].replace(of(lines[at], "signature"), signature)
        case(f"{at} with the signature before it", with_line(at, moved), {"signatures": "signature", "tree": "tree"})

        def say(entry):
            entry["data"]["note"] = "something else"

        forged = rewritten(lines, at, say)
        case(
            f"rewritten from {at} on",
            forged,
            {"form": "passed", "chain": "passed", "tree": "tree", "signatures": "signature", "root": "passed"},
        )
        case(
            "and signed by nobody",
            forged,
            {"chain": "passed", "signatures": "signature", "tree": "absent"},
            checkpoint=None,
        )

    line = lines[5]
    for what, damaged in [
        ("a space", line.replace('":', '": ', 1)),
        ("a space behind", line + " "),
        ("a carriage return", line + "\r"),
        ("a solidus escaped", line.replace("/", "\\/", 1)),
        ("a letter escaped", line.replace("annals", "\\u0061nnals", 1)),
        (
            "members in another order",
            json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":"), ensure_ascii=False),
        ),
        ("all but ASCII escaped", json.dumps(json.loads(line), separators=(",", ":"), sort_keys=True)),
        ("a member twice", line.replace('"id":', '"id":"a","id":', 1)),
        ("a member twice, in data", line.replace('"note":', '"note":"a","note":', 1)),
        ("a null", line.replace('"data":{', '"correlationid":null,"data":{')),
        ("a decimal", line.replace('"streamversion":', '"streamversion":1.')),
        ("an exponent", line.replace('"streamversion":', '"streamversion":1e')),
        ("a huge number", line.replace('"streamversion":', '"streamversion":' + "9" * 5000)),
        ("2^53", line.replace('"note":', '"n":9007199254740992,"note":')),
        ("a surrogate", line.replace("공", "\ud800")),
        ("a surrogate, escaped", line.replace("공", "\\ud800")),
        ("a noncharacter", line.replace("공", "\uffff")),
        ("a noncharacter beyond", line.replace("공", "\U0010fffe")),
        ("a control character", line.replace("공", "\x85")),
        ("17 levels", line.replace('"note":', '"n":' + "[" * 15 + "]" * 15 + ',"note":')),
        ("deep nesting", "[" * 60000),
        ("deep objects", '{"a":' * 12000),
        ("an open text", '{"a":"' + "a" * 60000),
        ("an escape that does not end", line[:-1] + "\\"),
        ("no object", "[]"),
        ("nothing", ""),
        ("a number", "7"),
    ]:
        case(
            what,
            with_line(5, damaged),
            {
                "form": "canonical",
                "chain": "unchecked",
                "tree": "unchecked",
                "signatures": "unchecked",
                "cosignatures": "unchecked",
                "root": "unchecked",
            },
        )
    chance = random.Random(1)
    for length in (1, 30, 5000, 60000):
        for alphabet in (range(0x110000), range(128), b'{}[]",:\\tn019-'):
            garbage = "".join(chr(chance.choice(alphabet)) for _ in range(length)).replace("\n", " ")
            case(
                "garbage",
                with_line(5, garbage),
                {"form": "length" if len(garbage.encode("utf-8", "replace")) > 65535 else "canonical"},
            )
    # Of 16 levels the entry and its data are two.
    sixteen = Ledger()
    sixteen.append(sixteen.dk, "vector.said", "plan", {"n": json.loads("[" * 14 + "]" * 14)})
    case("16 levels", sixteen.lines, SOUND, checkpoint=None, root=None)

    empty = '{"basehash":"' + NONE + '"}'
    for what, entries, code in [
        ("no final newline", "".join(each + "\n" for each in lines)[:-1], "newline"),
        ("no entry", "", "empty"),
        ("an empty line", "\n", "canonical"),
        ("one attribute", empty + "\n", "missing"),
        ("65,536 bytes", "a" * 65536 + "\n", "length"),
        ("21,846 characters", "공" * 21846 + "\n", "length"),
    ]:
        cases.append((what, {"entries": entries, "checkpoint": None}, {"form": code}))

    for code, changes in {
        "unknown": [{"extra": 1}, {"__proto__": "a"}, {"constructor": "a"}, {"": 1}],
        "attribute": [
            {"id": "01795A70-9C00-7000-8000-000000000005"},
            {"id": "01795a70-9c00-4000-8000-000000000005"},
            {"id": "01795a70-9c00-7000-c000-000000000005"},
            {"causationid": ""},
            {"correlationid": 7},
            {"time": "2021-05-11T08:00:60.000Z"},
            {"time": "2021-02-29T08:00:00.000Z"},
            {"time": "2021-05-11T08:00:00Z"},
            {"time": "2021-05-11T24:00:00.000Z"},
            {"time": "2021-05-11T08:00:00.000+00:00"},
            {"recordedtime": "2021-05-11 08:00:00.000Z"},
            {"specversion": "1.1"},
            {"datacontenttype": "text/plain"},
            {"sequence": "5"},
            {"sequence": 5},
            {"streamversion": 0},
            {"streamversion": "1"},
            {"prevhash": "A" * 64},
            {"streamprevhash": "a" * 63},
            {"basehash": ["a" * 64]},
            {"signature": "A" * 87 + "="},
            {"signature": "A" * 85 + "B=="},
            {"data": []},
            {"data": "a"},
            {"data": True},
            {"keyid": "DK/a+1234567"},
            {"ledger": "https://annals.example"},
            {"source": "parties/"},
            {"type": "annals.a.v1"},
            {"subject": 1},
        ],
    }.items():
        for change in changes:
            case(f"with {change}", with_line(5, canonical(json.loads(line) | change)), {"form": code})
    for attribute in json.loads(line):
        rest = {name: value for name, value in json.loads(line).items() if name != attribute}
        case(f"without {attribute}", with_line(5, canonical(rest)), {"form": "missing"})

    # As many bytes as can be signed, and one more.
    entry = json.loads(Ledger().say(data={"note": ""}).lines[1])
    for name in ("signature", "sequence", "recordedtime", "prevhash", "streamversion", "streamprevhash"):
        del entry[name]
    for size, verdict in [(64512, SOUND), (64513, {"form": "length"})]:
        made = Ledger().say(data={"note": "a" * (size - len(canonical(entry)))})
        case(f"{size} bytes signed", made.lines, verdict, checkpoint=None, root=None)

    # What the ledger or its keeper says, sealed and signed as it should be but for one thing.
    for what, code, clock, changes in [
        ("another sequence", "sequence", "real", {"sequence": "000000000009"}),
        ("another prevhash", "prevhash", "real", {"prevhash": "a" * 64}),
        ("another streamversion", "streamversion", "real", {"streamversion": 9}),
        ("another streamprevhash", "streamprevhash", "real", {"streamprevhash": "a" * 64}),
        ("another ledger", "ledger", "real", {"ledger": "annals.example/other"}),
        ("recorded before the entry before", "recordedtime", "real", {"recordedtime": "2021-05-10T00:00:00.000Z"}),
        ("not the author's time", "recordedtime", "illustrative", {"recordedtime": when(9)}),
        ("six minutes ahead", "time", "real", {"time": when(363)}),
        ("an id again", "id", "real", {"id": "01795a70-9c00-7000-8000-000000000001"}),
        ("based on nothing", "basehash", "real", {"basehash": NONE}),
        ("based on another history", "basehash", "real", {"basehash": "a" * 64}),
        ("answering nothing", "causationid", "real", {"causationid": "01795a70-9c00-7000-8000-0000000000ff"}),
        ("answering itself", "causationid", "real", {"causationid": "01795a70-9c00-7000-8000-000000000003"}),
    ]:
        made = Ledger(clock=clock).say(2).say(**changes)
        case(
            what,
            made.lines,
            {"form": "passed", "chain": code, "signatures": "passed", "tree": "passed"},
            checkpoint=made.checkpoint(),
            root=None,
        )
    made = Ledger(clock="real").say(2).say(time=when(303))
    case("five minutes ahead", made.lines, WITNESSED, checkpoint=made.checkpoint(), root=None)
    made = Ledger().say(2)
    made.say(basehash=leaf(made.lines[0]), causationid="01795a70-9c00-7000-8000-000000000001")
    case("answering what its author has not seen", made.lines, {"chain": "causationid"}, checkpoint=None, root=None)
    made = Ledger().say(2).say(causationid="01795a70-9c00-7000-8000-000000000001", correlationid="")
    case("answering", made.lines, WITNESSED, checkpoint=made.checkpoint(), root=None)

    seed = (2).to_bytes(32, "big")
    for what, sign in [
        ("R of small order", small(ledger.dk, seed)),
        (
            "S beyond the order",
            lambda message: (lambda s: s[:32] + (int.from_bytes(s[32:], "little") + ORDER).to_bytes(32, "little"))(
                ledger.dk.key.sign(message)
            ),
        ),
        ("zeros", lambda message: bytes(64)),
        ("the text without its context", lambda message: ledger.dk.key.sign(message[16:])),
        ("another key's", lambda message: ledger.kr.key.sign(message)),
    ]:
        made = Ledger().say(2).say(sign=sign)
        case(what, made.lines, {"chain": "passed", "signatures": "signature"}, checkpoint=made.checkpoint(), root=None)

    body, _, rest = signed.partition("\n\n")
    logged, first, second = rest.splitlines()
    other = Ledger().key("DK/witness-1", COSIGNATURE)

    def with_notes(what, note, tree, cosignatures):
        case(what, lines, {"signatures": "passed", "tree": tree, "cosignatures": cosignatures}, checkpoint=note)

    def note(*rows, body=body):
        return f"{body}\n\n" + "".join(row + "\n" for row in rows)

    def changed(row, at):
        name, _, data = row.rpartition(" ")
        data = bytearray(base64.b64decode(data))
        data[at] ^= 1
        return f"{name} {encode(bytes(data))}"

    cut = first.rpartition(" ")[0] + " " + encode(base64.b64decode(first.rpartition(" ")[2])[:-1])
    moved_body = body.replace("\n13\n", "\n12\n")
    with_notes("a cosignature cut off", note(logged, cut, second), "passed", "forged")
    name = first.rpartition(" ")[0]
    byte = f"{name} {encode(ledger.witnesses[0].id + b'a')}"
    with_notes("a cosignature of a byte", note(logged, byte, second), "passed", "forged")
    with_notes("the note cut off", signed[:-9], "note", "note")
    with_notes("a cosignature changed", note(logged, changed(first, 30), second), "passed", "forged")
    with_notes("its time changed", note(logged, changed(first, 11), second), "passed", "forged")
    with_notes("the ledger's signature changed", note(changed(logged, 30), first, second), "passed", "forged")
    with_notes("one forged beside one that holds", note(logged, changed(first, 30), first, second), "passed", "forged")
    with_notes("no signature of the ledger", note(first, second), "passed", "unsigned")
    with_notes("one witness", note(logged, second), "passed", "partial")
    with_notes("a stranger's", note(logged, first, second, other.cosign(body + "\n", 1)[:-1]), "passed", "passed")
    with_notes(
        "a stranger of that name alone", note(logged, second, other.cosign(body + "\n", 1)[:-1]), "passed", "partial"
    )
    with_notes(
        "a time before the first",
        note(logged, ledger.witnesses[0].cosign(body + "\n", 1 << 63)[:-1], second),
        "passed",
        "forged",
    )
    with_notes("another size", note(logged, first, second, body=moved_body), "tree", "forged")
    with_notes("another root", note(logged, first, second, body=body[:-44] + encode(bytes(32))), "tree", "forged")
    with_notes(
        "another origin",
        note(logged, first, second, body="annals.example/else" + body[body.index("\n") :]),
        "origin",
        "forged",
    )
    with_notes("an extension line", note(logged, first, second, body=body + "\nmore"), "checkpoint", "checkpoint")
    with_notes(
        "a size with a zero before it",
        note(logged, first, second, body=body.replace("\n13\n", "\n013\n")),
        "checkpoint",
        "checkpoint",
    )
    with_notes("no checkpoint", "", "note", "note")
    with_notes("carriage returns", signed.replace("\n", "\r\n"), "note", "note")
    with_notes("a root without padding", note(logged, first, second, body=body[:-1]), "base64", "base64")
    case("another first entry", lines, {"root": "root", "chain": "passed"}, root="a" * 64)
    case("a root in capitals", lines, {"root": "root"}, root=leaf(lines[0]).upper())
    tried = page.expect(cases)

    # Whatever byte is changed: beside a checkpoint there is no entry in which nobody sees it.
    data, damaged = ledger.text().encode(), []
    for at in range(0, len(data), 17):
        changed_data = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        damaged.append({"entries": changed_data.decode("utf-8", "replace"), "checkpoint": signed})
    for case_, answer in zip(damaged, page.verify(damaged)):
        need(not answer["holds"], f"a changed byte was not found: {case_}")
    # And none of a checkpoint with which it counts as witnessed.
    data = signed.encode()
    notes_ = [
        {
            "entries": ledger.text(),
            "checkpoint": (data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]).decode("utf-8", "replace"),
        }
        for at in range(len(data))
    ]
    for case_, answer in zip(notes_, page.verify(notes_)):
        need(answer["checks"]["cosignatures"]["verdict"] != "passed", f"a changed byte was not found: {case_}")
    return f"{tried} attacks and {len(damaged) + len(notes_)} changed bytes, all refused"


def document(ledger, extra="", words=None, **parts):
    """A page as a report is, with nothing in it but what is verified."""
    source = {name: (REPORT / name).read_text(encoding="utf-8") for name in ("verifier.js", "page.js")}
    source["words"] = json.dumps(labels())
    need(not any("</" in each or "<!--" in each for each in source.values()), "a file would end its own element")
    parts = {"entries": ledger.text(), "checkpoint": ledger.checkpoint()} | parts
    pres = "".join(
        f'<pre id="{name}" hidden>{html.escape(part)}</pre>' for name, part in parts.items() if part is not None
    )
    main = "Joint action plan · 공동 행동 계획\n  1 < 2 & 3 "
    digest = hashlib.sha256(main.encode()).hexdigest()
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>{extra}<body>'
        f'<main data-digest="{digest}">{html.escape(words or main)}</main>'
        '<input id="root"><button id="verify">Verify</button><progress id="verifying"></progress>'
        '<p id="result" aria-live="polite"></p><table><tbody id="checks"></tbody></table>'
        f'{pres}<script type="application/json" id="words">{source["words"]}</script>'
        f'<script>{source["verifier.js"]}</script><script>{source["page.js"]}</script>'
    )


SIGNS = {"passed": "✓", "failed": "✕", "partial": "?", "unsupported": "?", "absent": "–", "unchecked": "–"}


def pages(page):
    """The page itself: what it shows, and what it says of itself."""
    browser, folder = page.browser, pathlib.Path(page.file).parent
    file = folder / "page.html"
    ledger = Ledger().say(12)
    tried = 0
    rows = """[...document.querySelectorAll('#checks tr')].map(({ dataset, cells }) =>
      [dataset.check, dataset.verdict, ...[...cells].map((cell) => cell.textContent)])"""

    def show(what, expected, source, **verdicts):
        nonlocal tried
        tried += 1
        if source:
            file.write_bytes(source.encode("utf-8", "surrogatepass"))
            found = verified(browser, file)
        else:
            found = browser.wait("document.documentElement.dataset.verified")
        shown = {row[0]: row[1:] for row in browser.run(rows)}
        need(found == expected, f"{what}: the page says {found}: {shown}")
        need(
            list(shown)
            == ["form", "chain", "tree", "signatures", "cosignatures", "root", "rules", "authority", "page"],
            f"{shown}",
        )
        for name, verdict in verdicts.items():
            need(shown[name][0] == verdict, f"{what}: {name} is {shown[name]}")
        result = browser.run("document.getElementById('result').textContent")
        for verdict, sign, name, said, _, detail in shown.values():
            need(sign == SIGNS[verdict] and name and said, f"{what}: {shown}")
            for sentence in (name, said, detail, result):
                # Every word is there, and every place in it was filled.
                need(
                    sentence and "{" not in sentence.split("`")[0] and "undefined" not in sentence,
                    f"{what}: {sentence}",
                )
                need(
                    not any(sentence.startswith(f"{key.split('.')[0]}.") for key in page.words if "." in key),
                    f"{what}: {sentence}",
                )
        need(browser.run("document.querySelectorAll('img, iframe, #checks script').length") == 0, f"{what}: markup")
        return shown, result

    sound = {"form": "passed", "chain": "passed", "signatures": "passed", "tree": "passed", "page": "passed"}
    shown, result = show("a sound page", "passed", document(ledger), **sound, cosignatures="passed", root="absent")
    need("not known" in result and "Illustrative" in result, result)
    need(leaf(ledger.lines[0]) in shown["root"][-1] and shown["form"][-2] == "13", f"{shown}")
    need("DK/witness-1 of DK (2021-05-03T00:00:00Z)" in shown["cosignatures"][-1], f"{shown}")

    def enter(root):
        browser.run(f"""(() => {{
              document.getElementById('root').value = {json.dumps(root)};
              document.getElementById('verify').click();
            }})()""")

    first = leaf(ledger.lines[0])
    enter(f" {first[:32]}\n{first[32:].upper()} ")
    _, result = show("with the root", "passed", None, **sound, root="passed")
    need("none has been changed" in result, result)
    enter("a" * 64)
    show("with another root", "failed", None, **sound, root="failed")
    enter("")
    show("with none", "passed", None, **sound, root="absent")

    damaged = ledger.text().replace("공동 행동", "공동 행사", 1)
    show(
        "an entry changed",
        "failed",
        document(ledger, entries=damaged),
        form="passed",
        chain="failed",
        tree="failed",
        signatures="failed",
        page="passed",
    )
    show(
        "a word of the page changed",
        "failed",
        document(ledger, words="Joint action plan"),
        **(sound | {"page": "failed"}),
        cosignatures="passed",
    )
    unwitnessed = ledger.checkpoint(10, witnesses=ledger.witnesses[:1])
    shown, result = show(
        "half cosigned", "passed", document(ledger, checkpoint=unwitnessed), **sound, cosignatures="partial"
    )
    need(
        "KR" in shown["cosignatures"][-1] and "3 entries" in shown["cosignatures"][-1] and "not cosigned" in result,
        f"{shown} {result}",
    )
    real = Ledger(clock="real").say(2)
    _, result = show(
        "without a checkpoint",
        "passed",
        document(real, checkpoint=None),
        **(sound | {"tree": "absent"}),
        cosignatures="absent",
    )
    need("Illustrative" not in result, result)
    some = {"entries": "".join(line + "\n" for line in ledger.lines[:7])}
    proof = "".join(hash + "\n" for hash in ledger.proof(7, 13))
    show("with a proof", "passed", document(ledger, **some, consistency=proof), **sound, cosignatures="passed")
    show("without the proof", "failed", document(ledger, **some), tree="failed")
    show("no entries", "failed", document(ledger, entries=""), form="failed", chain="unchecked")
    show("no entries at all", "failed", document(ledger, entries=None), form="failed")
    attack = "<img src=x onerror=\"document.documentElement.dataset.verified='passed'\">"
    hostile = canonical(json.loads(ledger.lines[1]) | {attack: 1}) + "\n"
    shown, _ = show("markup", "failed", document(ledger, entries=ledger.lines[0] + "\n" + hostile), form="failed")
    need(attack in shown["form"][-1], f"{shown}")
    keyed = Ledger().say(keyid=f"{attack.replace(' ', '')}$&+00000000", source="parties/DK")
    shown, _ = show("markup in a key", "failed", document(keyed), signatures="failed")
    need("$&+00000000" in shown["signatures"][-1], f"{shown}")

    poorer = "<script>SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException());</script>"
    show(
        "a browser without Ed25519",
        "unsupported",
        document(ledger, poorer),
        form="passed",
        chain="passed",
        tree="passed",
        signatures="unsupported",
        cosignatures="unsupported",
    )
    show(
        "and a false entry",
        "failed",
        document(ledger, poorer, entries=damaged),
        chain="failed",
        signatures="unsupported",
    )
    poorer = "<script>Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });</script>"
    show(
        "a browser without cryptography",
        "unsupported",
        document(ledger, poorer),
        form="passed",
        chain="unsupported",
        signatures="unsupported",
        page="unsupported",
    )
    # What no report does is found here, where one did it.
    for what, complaint in [
        ('<img src="https://annals.example/a.png">', "asks for https://annals.example"),
        ('<link rel="stylesheet" href="a.css">', "asks for file:"),
        ("<script>Promise.reject(new Error('of the page'))</script>", "of the page"),
    ]:
        file.write_text(document(ledger, what), encoding="utf-8")
        try:
            found = verified(browser, file)
        except Bad as error:
            need(complaint in str(error), f"{what}: {error}")
        else:
            raise Bad(f"{what}: {found}, and nobody complains")
        tried += 1
    return f"{tried} pages"


def words(page):
    """Each fault that was found here has its words, and none has words that nothing was found for."""
    # What never happens, and what the page finds rather than the verifier.
    known = {key.partition(".")[2] for key in page.words if key.startswith("fault.")} - {"error", "page"}
    need(known == page.faults, f"words without a fault, or faults without words: {known ^ page.faults}")
    return f"{len(page.words)} words, {len(known)} of them for a fault"


def speed(page):
    """10,000 entries, and a page that is of use meanwhile."""
    ledger = Ledger().say(9999)
    given = json.dumps({"entries": ledger.text(), "checkpoint": ledger.checkpoint()})
    found = page.browser.run(f"""(async () => {{
          let [longest, last, told] = [0, performance.now(), 0];
          const watch = setInterval(() => {{
            longest = Math.max(longest, performance.now() - last);
            last = performance.now();
          }}, 1);
          const start = performance.now();
          let share = 0;
          const answer = await annals.verify({given}, (done, total) => {{
            told += done >= share && done <= total ? 1 : -1000;
            share = done;
          }});
          const taken = performance.now() - start;
          clearInterval(watch);
          return {{ holds: answer.holds, size: answer.size, taken, longest, told }};
        }})()""")
    need(found["holds"] and found["size"] == 10000, f"{found}")
    # On a busy machine of two cores this is ten times what it takes on a quiet one.
    need(found["taken"] < 60000 and found["longest"] < 2000 and found["told"] > 5, f"{found}")
    return f"10,000 entries in {found['taken'] / 1000:.1f} s, no wait longer than {found['longest']:.0f} ms"


GROUPS = [vectors, forms, notes, prefixes, keys, attacks, speed, pages, words]


def main():
    arguments = sys.argv[1:]
    if arguments and (len(arguments) != 2 or arguments[0] != "--page"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, Browser(folder) as browser:
            if arguments:
                print(verified(browser, arguments[1]))
                return 0
            page = Page(browser, folder)
            for group in GROUPS:
                print(f"{group.__name__}: {group(page)}", flush=True)
        return 0
    except Bad as error:
        print(f"BAD {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
