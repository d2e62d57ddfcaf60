'use strict';

/**
 * Verifies the entries of a ledger where they are read: in a page that was opened from a disk, with WebCrypto alone.
 *
 * The format is that of schemas/README.md, written out once more; nothing here comes from the program that wrote the page.
 * What is verified is hostile: whatever it holds, the answer is a verdict and never an exception.
 *
 *   await annals.verify({ entries, checkpoint, consistency, root }, (done, total) => …)
 *     → { holds, size, head, checks: [{ name, verdict, count, detail }] }
 *
 *   entries      the lines, each with its newline
 *   checkpoint   a signed note (C2SP tlog-checkpoint), or null
 *   consistency  base64 of the hashes that lead from these entries to a checkpoint of more of them; otherwise empty
 *   root         leaf hash of entry 0 as the reader has it from elsewhere, optional
 *   keys, policy verifier keys and a tlog-policy that the reader has from elsewhere, for entries without an opening
 *
 *   verdict      passed, failed, partial (cosigned, but not by all), absent (nothing to check), unsupported (by this
 *                browser), unchecked (not here, or not after what failed before)
 *   count        how many entries, or cosignatures, were found good
 *   detail       data, from which a page makes its words
 *
 * Not checked: what a type's data may hold, who may say what, and the rules. So `holds` says that these are the entries
 * that were signed and cosigned, and not that they were admissible.
 */
const annals = (() => {
  const NONE = '0'.repeat(64);
  const CHECKS = ['form', 'chain', 'tree', 'signatures', 'cosignatures', 'root', 'rules', 'authority'];
  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

  /** What is wrong, and where; `detail` is all that is said of it. */
  class Fault extends Error {
    constructor(code, where = {}) {
      super(code);
      this.detail = { code, ...where };
    }
  }
  const need = (holds, code, where) => {
    if (!holds) throw new Fault(code, where);
  };

  // Canonical form: the subset of RFC 8785 in schemas/README.md, "An entry".

  // The standard's words for what is refused: Cc are U+0000–001F and U+007F–009F, Cs are surrogates that stand alone.
  const PLAIN = /[^"\\\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]*/uy;
  const NUMBER = /-?(?:0|[1-9][0-9]*)/y;
  const ESCAPES = { '"': '"', '\\': '\\', t: '\t', n: '\n' };
  const LEVELS = 16;

  /** The one value in a text, and where the members of the outermost object begin. */
  function read(text) {
    let at = 0;
    const starts = Object.create(null);
    const expect = (holds) => need(holds, 'canonical', { offset: at });
    const take = (word) => {
      expect(text.startsWith(word, at));
      at += word.length;
    };
    const match = (pattern) => {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      expect(found !== null);
      at = pattern.lastIndex;
      return found[0];
    };

    function string() {
      take('"');
      let value = match(PLAIN);
      while (text[at] === '\\') {
        const meant = ESCAPES[text[at + 1]];
        expect(meant !== undefined);
        at += 2;
        value += meant + match(PLAIN);
      }
      take('"');
      return value;
    }

    function number() {
      const digits = match(NUMBER);
      expect(digits !== '-0' && Number.isSafeInteger(Number(digits)));
      return Number(digits);
    }

    /** The members of an object or an array, of which there may be none. */
    function list(end, level, each) {
      expect(level < LEVELS);
      at += 1;
      if (text[at] !== end) {
        each();
        while (text[at] === ',') {
          at += 1;
          each();
        }
      }
      take(end);
    }

    function object(level) {
      // Without a prototype, so that a member may have any name.
      const members = Object.create(null);
      let before = null;
      list('}', level, () => {
        const start = at;
        const name = string();
        // ASCII compares as its bytes do; a name that occurs twice is not in ascending order.
        expect(/^[\0-\x7f]*$/.test(name) && (before === null || before < name));
        before = name;
        if (level === 0) starts[name] = start;
        take(':');
        members[name] = value(level + 1);
      });
      return members;
    }

    function array(level) {
      const values = [];
      list(']', level, () => values.push(value(level + 1)));
      return values;
    }

    function value(level) {
      const next = text[at];
      if (next === '{') return object(level);
      if (next === '[') return array(level);
      if (next === '"') return string();
      if (next !== 't' && next !== 'f') return number();
      take(next === 't' ? 'true' : 'false');
      return next === 't';
    }

    const found = value(0);
    expect(at === text.length);
    return { value: found, starts };
  }

  // Entries: schemas/README.md, "An entry". A vector has a subject that no schema allows, so it is any text here.

  const TEXT = { test: (value) => typeof value === 'string' };
  const OBJECT = { test: (value) => typeof value === 'object' && !Array.isArray(value) };
  const COUNT = { test: (value) => Number.isInteger(value) && value > 0 };
  const is = (text) => ({ test: (value) => value === text });
  const pattern = (form) => ({ test: (value) => typeof value === 'string' && form.test(value) });
  const HASH = pattern(/^[0-9a-f]{64}$/);
  const UUID = pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const CODE = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';
  const INSTANT = {
    test: (value) => {
      if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return false;
      // What is no date is carried over into the next month or hour, and then written otherwise.
      const instant = new Date(value);
      return !Number.isNaN(instant.getTime()) && instant.toISOString() === value;
    },
  };
  const ATTRIBUTES = {
    basehash: HASH,
    causationid: UUID,
    correlationid: TEXT,
    data: OBJECT,
    datacontenttype: is('application/json'),
    id: UUID,
    keyid: pattern(/^[^\p{White_Space}\p{Cc}+]+\+[0-9a-f]{8}$/u),
    ledger: pattern(/^[a-z0-9./-]{1,128}$/),
    prevhash: HASH,
    recordedtime: INSTANT,
    sequence: pattern(/^[0-9]{12}$/),
    // 64 bytes: of the last character but the padding, four bits carry nothing and are zero.
    signature: pattern(/^[A-Za-z0-9+/]{85}[AQgw]==$/),
    source: pattern(new RegExp(`^(?:ledger|parties/${CODE}(?:/institutions/${CODE})?)$`)),
    specversion: is('1.0'),
    streamprevhash: HASH,
    streamversion: COUNT,
    subject: TEXT,
    time: INSTANT,
    type: pattern(/^annals\.[a-z]+\.[a-z]+\.v[1-9][0-9]*$/),
  };
  const OPTIONAL = ['causationid', 'correlationid'];

  function readEntry(line, sequence) {
    try {
      // A text has at least as many bytes as UTF-16 units, so that nothing long is read at all.
      need(line.length <= 65535 && utf8(line).length <= 65535, 'length');
      const { value, starts } = read(line);
      need(OBJECT.test(value), 'canonical', { offset: 0 });
      for (const attribute in value) need(Object.hasOwn(ATTRIBUTES, attribute), 'unknown', { attribute });
      for (const attribute in ATTRIBUTES) {
        if (attribute in value) need(ATTRIBUTES[attribute].test(value[attribute]), 'attribute', { attribute });
        else need(OPTIONAL.includes(attribute), 'missing', { attribute });
      }
      // In canonical order two runs are the ledger's, and the rest is what was signed.
      const signed =
        line.slice(0, starts.prevhash) + line.slice(starts.source, starts.streamprevhash) + line.slice(starts.subject);
      need(utf8(signed).length <= 64512, 'length');
      return { ...value, signed };
    } catch (fault) {
      if (fault instanceof Fault) fault.detail.sequence = sequence;
      throw fault;
    }
  }

  // Hashes and the tree: RFC 6962 §2.1, RFC 9162 §2.1.4.2.

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const leaf = (line) => sha256(utf8(`\0${line}`));
  const node = (left, right) => sha256(joined([1], left, right));
  const same = (one, other) => hex(one) === hex(other);

  /** The result of `work` on each item, many at once: each await costs more than a hash does. */
  async function map(items, work, pace) {
    const results = [];
    for (let at = 0; at < items.length; at += 256) {
      const batch = items.slice(at, at + 256);
      results.push(...(await Promise.all(batch.map(work))));
      await pace(batch.length);
    }
    return results;
  }

  /** Level by level, where an odd node goes up as it is: so the left part is the largest power of two (RFC 6962 §2.1). */
  async function rootOf(leaves, pace) {
    if (leaves.length === 0) return sha256(new Uint8Array());
    let level = leaves;
    while (level.length > 1) {
      const pairs = level.flatMap((hash, at) => (at % 2 ? [] : [[hash, level[at + 1]]]));
      level = await map(pairs, ([left, right]) => (right ? node(left, right) : left), pace);
    }
    return level[0];
  }

  const half = (number) => Math.floor(number / 2);

  /** RFC 9162 §2.1.4.2, for sizes beyond those on which JavaScript's shifts work. */
  async function continues(old, earlier, size, later, proof) {
    if (old === size) return proof.length === 0 && same(earlier, later);
    if (old === 0 || old > size) return old === 0 && proof.length === 0;
    let [at, last] = [old - 1, size - 1];
    while (at % 2) [at, last] = [half(at), half(last)];
    // Where the old tree is a whole subtree of the new one, its root is not sent.
    const hashes = at === 0 ? [earlier, ...proof] : [...proof];
    if (hashes.length === 0) return false;
    let [first, second] = [hashes[0], hashes[0]];
    for (const beside of hashes.slice(1)) {
      if (last === 0) return false;
      if (at % 2 || at === last) {
        [first, second] = [await node(beside, first), await node(beside, second)];
        while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
      } else {
        second = await node(second, beside);
      }
      [at, last] = [half(at), half(last)];
    }
    return last === 0 && same(first, earlier) && same(second, later);
  }

  function base64(text) {
    let bytes = '';
    try {
      bytes = atob(text);
    } catch {
      throw new Fault('base64');
    }
    // White space, missing padding and stray bits are let through by the library.
    need(btoa(bytes) === text, 'base64');
    return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
  }

  // Ed25519: RFC 8032 §5.1.7 is the browser's; what schemas/README.md asks beyond it is here, since browsers differ in it.

  const P = 2n ** 255n - 19n;
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const mod = (number) => ((number % P) + P) % P;
  /** By Fermat's little theorem. */
  const inverse = (number) => {
    let result = 1n;
    for (const bit of (P - 2n).toString(2)) result = (result * result * (bit === '1' ? number : 1n)) % P;
    return result;
  };
  const little = (bytes) => BigInt(`0x${hex(bytes.slice().reverse())}`);
  /** The coordinate y of a point's encoding, whose highest bit is the sign of x (RFC 8032 §5.1.2). */
  const ordinate = (bytes) => little(bytes) & (2n ** 255n - 1n);
  // The y of the points whose order divides 8, two of which are negatives of each other.
  const EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fb83d3d706a17c7n;
  const SMALL = [0n, 1n, P - 1n, EIGHTH, P - EIGHTH];
  const isLarge = (y) => y < P && !SMALL.includes(y);

  /** Whether these are the canonical bytes of a point of prime order. */
  function isKey(raw) {
    const y = ordinate(raw);
    if (!isLarge(y)) return false;
    // [L]A by the ladder of RFC 7748 §5 on the Montgomery curve, where the neutral element alone has z = 0. A y that is no
    // point's leads to the twist, which has 2P + 2 − 8L points; L does not divide that, so nothing there becomes neutral.
    const u = mod((1n + y) * inverse(mod(1n - y)));
    let [x2, z2, x3, z3] = [1n, 0n, u, 1n];
    for (const bit of L.toString(2)) {
      if (bit === '1') [x2, z2, x3, z3] = [x3, z3, x2, z2];
      const [a, b, c, d] = [x2 + z2, x2 - z2, x3 + z3, x3 - z3];
      const [aa, bb, da, cb] = [mod(a * a), mod(b * b), d * a, c * b];
      const e = aa - bb;
      [x2, z2] = [mod(aa * bb), mod(e * (aa + 121665n * e))];
      [x3, z3] = [mod((da + cb) ** 2n), mod(u * (da - cb) ** 2n)];
      if (bit === '1') [x2, z2, x3, z3] = [x3, z3, x2, z2];
    }
    return z2 === 0n;
  }

  async function isSigned(key, message, signature) {
    if (signature.length !== 64) return false;
    const [r, s] = [ordinate(signature.slice(0, 32)), little(signature.slice(32))];
    return isLarge(r) && s < L && crypto.subtle.verify('Ed25519', key.crypto, signature, message);
  }

  const isSupported = () =>
    // The base point is a key that every implementation takes. A file is a secure context (W3C Secure Contexts §3.1), so
    // that Chromium and Firefox offer their cryptography to a page that was opened from a disk.
    crypto.subtle.importKey('raw', Uint8Array.of(0x58, ...Array(31).fill(0x66)), 'Ed25519', false, ['verify']).then(
      () => true,
      () => false,
    );

  // Keys, notes, policies: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.

  const SIGNER = 1;
  const WITNESS = 4;
  const ROLES = ['authority', 'coordinator', 'officer', 'auditor', 'witness'];

  async function parseKey(vkey) {
    const parts = typeof vkey === 'string' && /^([^\p{White_Space}\p{Cc}\p{Cs}+]+)\+([0-9a-f]{8})\+(.*)$/su.exec(vkey);
    need(parts && utf8(parts[1]).length <= 192, 'key');
    const [, name, id, material] = parts;
    const bytes = base64(material);
    const raw = bytes.slice(1);
    need(bytes.length === 33 && [SIGNER, WITNESS].includes(bytes[0]) && isKey(raw), 'key');
    const hash = await sha256(joined(utf8(`${name}\n`), bytes));
    need(hex(hash.slice(0, 4)) === id, 'key');
    const imported = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    return { vkey, name, id, keyid: `${name}+${id}`, kind: bytes[0], raw: hex(raw), crypto: imported };
  }

  // A policy repeats keys that were read before, and arithmetic is slow.
  const keys = new Map();
  const readKey = (vkey) => {
    if (!keys.has(vkey)) keys.set(vkey, parseKey(vkey));
    return keys.get(vkey);
  };

  function readNote(text) {
    need(typeof text === 'string' && utf8(text).length <= 1000000 && text.endsWith('\n'), 'note');
    need(!/[\0-\x09\x0b-\x1f\p{Cs}]/u.test(text), 'note');
    const end = text.lastIndexOf('\n\n');
    need(end >= 0, 'note');
    const lines = text.slice(end + 2, -1).split('\n');
    need(lines.length <= 100, 'note');
    const signatures = lines.map((line) => {
      const parts = /^— ([^\p{White_Space}+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
      need(parts, 'note');
      const bytes = base64(parts[2]);
      need(bytes.length > 4, 'note');
      return { name: parts[1], id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
    });
    return { text: text.slice(0, end + 1), signatures };
  }

  function readCheckpoint(text) {
    const note = readNote(text);
    const parts = /^([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/=]+)\n$/.exec(note.text);
    need(parts, 'checkpoint');
    const [size, root] = [Number(parts[2]), base64(parts[3])];
    need(Number.isSafeInteger(size) && root.length === 32, 'checkpoint');
    return { ...note, origin: parts[1], size, root };
  }

  async function readPolicy(text) {
    need(typeof text === 'string' && text.endsWith('\n'), 'policy');
    const policy = { logs: [], witnesses: [], groups: new Map(), quorum: null };
    const [known, grouped] = [new Set(), new Set()];
    const once = (set, name) => {
      need(!set.has(name), 'policy');
      set.add(name);
    };
    const define = (name) => {
      need(name !== 'none', 'policy');
      once(known, name);
    };
    const key = async (vkey, kind, others) => {
      const read = await readKey(vkey);
      need(read.kind === kind && others.every((other) => other.raw !== read.raw), 'policy');
      return read;
    };
    const lines = text.slice(0, -1).split('\n');
    need(lines.length <= 1024, 'policy');
    for (const line of lines) {
      need(!/[\0-\x08\x0b-\x1f\x7f]/.test(line), 'policy');
      const [word, ...words] = line.match(/[^ \t]+/g) ?? ['#'];
      if (word === 'log' && (words.length === 1 || words.length === 2)) {
        policy.logs.push(await key(words[0], SIGNER, policy.logs));
      } else if (word === 'witness' && (words.length === 2 || words.length === 3)) {
        define(words[0]);
        const others = policy.witnesses.map((witness) => witness.key);
        policy.witnesses.push({ name: words[0], key: await key(words[1], WITNESS, others) });
      } else if (word === 'group' && words.length > 2) {
        const [name, threshold, ...members] = words;
        const enough = { all: members.length, any: 1 }[threshold] ?? Number(threshold);
        need(/^(?:all|any|[1-9][0-9]*)$/.test(threshold) && enough <= members.length, 'policy');
        for (const member of members) {
          need(known.has(member), 'policy');
          // Whoever is in one group is in no other, or would count twice.
          once(grouped, member);
        }
        define(name);
        policy.groups.set(name, { enough, members });
      } else if (word === 'quorum' && words.length === 1 && policy.quorum === null) {
        need(words[0] === 'none' || known.has(words[0]), 'policy');
        [policy.quorum] = words;
      } else {
        need(word.startsWith('#'), 'policy');
      }
    }
    need(policy.quorum !== null, 'policy');
    return policy;
  }

  /** Members stand before their group, so that one pass settles every group, however they are nested. */
  function isMet(policy, names) {
    const met = new Set(names);
    for (const [name, { enough, members }] of policy.groups) {
      if (members.filter((member) => met.has(member)).length >= enough) met.add(name);
    }
    return policy.quorum === 'none' || met.has(policy.quorum);
  }

  /** Who of a policy has signed a checkpoint. One line of a known key that does not hold refuses the whole note. */
  async function judge(checkpoint, policy, counts = () => true) {
    const lines = (key) => checkpoint.signatures.filter(({ name, id }) => name === key.name && id === key.id);
    const message = utf8(checkpoint.text);
    let isLogged = false;
    for (const log of policy.logs) {
      for (const { bytes } of lines(log)) {
        need(await isSigned(log, message, bytes), 'forged', { key: log.name });
        isLogged ||= log.name === checkpoint.origin;
      }
    }
    const signed = [];
    for (const { name, key } of policy.witnesses) {
      const times = [];
      for (const { bytes } of lines(key)) {
        const time = BigInt(`0x${hex(bytes.slice(0, 8))}`);
        const said = joined(utf8(`cosignature/v1\ntime ${time}\n`), message);
        need(time < 2n ** 63n && (await isSigned(key, said, bytes.slice(8))), 'forged', { key: key.name });
        // Of no time, it counts for nothing.
        if (time > 0n) times.push(Number(time));
      }
      if (times.length > 0 && counts(key)) signed.push({ witness: name, key, time: Math.min(...times) });
    }
    need(isLogged, 'unsigned');
    const names = signed.map(({ witness }) => witness);
    return { signed, isMet: isMet(policy, names) };
  }

  // The keys and policies of a history: schemas/README.md, "Keys and authority" and "Adoption".

  /**
   * Who has which key, as the entries say one after another.
   *
   * Only what an authority says whose own key leads back to the opening is learned. Without that, whoever has any key of
   * the ledger could register witnesses of his own making behind a history that he has rewritten, and be believed.
   */
  class History {
    keys = new Map();
    raws = new Set();
    parties = [];
    /** Each with the sequence since which it is in force. */
    policies = [];
    adopted = new Map();

    async know(vkeys, policy) {
      for (const vkey of vkeys) this.add(await readKey(vkey), 'known', null);
      if (policy === undefined) return;
      const read = await readPolicy(policy);
      for (const { key } of read.witnesses) this.add(key, 'witness', key.name.split('/')[0]);
      this.policies.push({ since: 0, policy: read });
    }

    /** A key id or raw key that was ever registered is never registered again. */
    add(key, role, party) {
      need(!this.keys.has(key.keyid) && !this.raws.has(key.raw), 'key');
      this.raws.add(key.raw);
      need((key.kind === WITNESS) === (role === 'witness'), 'key');
      this.keys.set(key.keyid, { ...key, role, party, revoked: Infinity });
    }

    async open({ ledger_key: ledger, parties }) {
      const log = await readKey(ledger);
      this.add(log, 'ledger', null);
      const witnesses = [];
      for (const { id, authority, witness } of parties) {
        need(TEXT.test(id) && id !== '' && !this.parties.includes(id) && witness.length > 0, 'key');
        this.parties.push(id);
        const isOwn = (key) => key.name.startsWith(`${id}/`);
        for (const key of await Promise.all(authority.map(readKey))) {
          need(isOwn(key), 'key');
          this.add(key, 'authority', id);
        }
        for (const key of await Promise.all(witness.map(readKey))) {
          need(isOwn(key), 'key');
          this.add(key, 'witness', id);
          witnesses.push({ name: key.keyid, key });
        }
      }
      // Until a policy is adopted, every witness of the opening has to cosign.
      const members = witnesses.map(({ name }) => name);
      const groups = new Map([['every witness', { enough: members.length, members }]]);
      this.policies.push({ since: 0, policy: { logs: [log], witnesses, groups, quorum: 'every witness' } });
    }

    async adopt(party, text, since) {
      const policy = await readPolicy(text);
      const [log, ...others] = policy.logs;
      need(log && others.length === 0 && policy.quorum !== 'none', 'policy');
      this.adopted.set(party, text);
      // In force again, a policy changes nothing.
      if (!this.parties.every((each) => this.adopted.get(each) === text)) return;
      const [ledger] = this.policies.at(-1).policy.logs;
      this.policies.push({ since, policy });
      if (ledger.vkey === log.vkey) return;
      this.add(log, 'ledger', null);
      this.keys.get(ledger.keyid).revoked = since;
    }

    /** Learns what an entry says of keys; the key that signed it is given as it was before. */
    async take(entry, sequence, signer) {
      const { type, subject, data } = entry;
      if (signer.role !== 'authority') return;
      if (type === 'annals.policy.adopted.v1') await this.adopt(signer.party, data.policy, sequence);
      if (subject !== `parties/${signer.party}`) return;
      if (type === 'annals.key.registered.v1') {
        const key = await readKey(data.vkey);
        need(key.name.startsWith(`${signer.party}/`) && ROLES.includes(data.role), 'key');
        this.add(key, data.role, signer.party);
      } else if (type === 'annals.key.revoked.v1') {
        const key = this.keys.get(data.keyid);
        need(key?.party === signer.party && key.revoked === Infinity, 'key');
        key.revoked = sequence;
      }
    }

    /** The key that signs an entry, which has to be known by then. */
    async signer(entry, sequence) {
      if (sequence === 0 && entry.type === 'annals.ledger.opened.v1') await this.open(entry.data);
      const key = this.keys.get(entry.keyid);
      need(key?.kind === SIGNER, 'keyid', { key: entry.keyid });
      need(key.revoked === Infinity, 'revoked', { key: entry.keyid });
      return key;
    }
  }

  // The checks.

  function checkChain(entries, leaves) {
    const [sequences, ids, streams] = [new Map(), new Map(), new Map()];
    const { type, ledger, data } = entries[0];
    const clock = type === 'annals.ledger.opened.v1' ? data.clock : null;
    entries.forEach((entry, sequence) => {
      const before = entries[sequence - 1];
      const stream = streams.get(entry.subject) ?? { version: 0, hash: NONE };
      const follows = (holds, code) => need(holds, code, { sequence });
      follows(entry.sequence === String(sequence).padStart(12, '0'), 'sequence');
      follows(entry.prevhash === (leaves[sequence - 1] ?? NONE), 'prevhash');
      follows(entry.streamversion === stream.version + 1, 'streamversion');
      follows(entry.streamprevhash === stream.hash, 'streamprevhash');
      follows(entry.ledger === ledger, 'ledger');
      // Of one form, times compare as texts.
      const earliest = before?.recordedtime ?? '';
      follows(entry.recordedtime >= earliest, 'recordedtime');
      const told = entry.time > earliest ? entry.time : earliest;
      follows(clock !== 'illustrative' || entry.recordedtime === told, 'recordedtime');
      follows(clock !== 'real' || Date.parse(entry.time) <= Date.parse(entry.recordedtime) + 300000, 'time');
      follows(!ids.has(entry.id), 'id');
      const base = sequence === 0 && entry.basehash === NONE ? -1 : sequences.get(entry.basehash);
      follows(base !== undefined, 'basehash');
      follows(entry.causationid === undefined || ids.get(entry.causationid) <= base, 'causationid');
      ids.set(entry.id, sequence);
      sequences.set(leaves[sequence], sequence);
      streams.set(entry.subject, { version: entry.streamversion, hash: leaves[sequence] });
    });
    return { count: entries.length, detail: { streams: streams.size, clock } };
  }

  async function checkTree(entries, hashes, checkpoint, consistency, pace) {
    const { length } = hashes;
    const whole = await rootOf(hashes, pace);
    const root = btoa(String.fromCharCode(...whole));
    if (checkpoint === null) return { verdict: 'absent', count: length, detail: { root } };
    const { origin, size, root: signed } = readCheckpoint(checkpoint);
    need(origin === entries[0].ledger, 'origin');
    const proof = consistency.map(base64);
    const leads = size > length ? await continues(length, whole, size, signed, proof) : proof.length === 0;
    need(leads && proof.every((hash) => hash.length === 32), 'consistency', { size });
    if (size <= length) {
      need(same(size === length ? whole : await rootOf(hashes.slice(0, size), pace), signed), 'tree', { size });
    }
    return { count: Math.min(size, length), detail: { root, size, beyond: Math.max(size - length, 0) } };
  }

  async function checkSignatures(entries, history, pace) {
    const jobs = [];
    let fault = null;
    for (const [sequence, entry] of entries.entries()) {
      try {
        const key = await history.signer(entry, sequence);
        jobs.push({ key, entry });
        await history.take(entry, sequence, key);
        await pace(0);
      } catch (found) {
        // An unknown or revoked key; or data of keys that no schema allows, which may be of any shape.
        const { code, key } = found.detail?.key ? found.detail : { code: 'key' };
        fault = new Fault(code, { sequence, key });
        break;
      }
    }
    const said = ({ signed }) => utf8(`annals/entry/v1\n${signed}`);
    const held = await map(jobs, ({ key, entry }) => isSigned(key, said(entry), base64(entry.signature)), pace);
    const sequence = held.indexOf(false);
    need(sequence < 0, 'signature', { sequence, key: entries[sequence]?.keyid });
    if (fault) throw fault;
    return { count: held.length, detail: { keys: history.keys.size } };
  }

  /**
   * A checkpoint of n entries is judged by the policy, and signed with the ledger's key, that are in force after n entries,
   * and a cosignature counts if none of them revokes its key: so a key that a later entry registers does not count, since
   * whoever writes that entry would then vouch for what was before it. Of entries that are not held, nothing is known: a
   * checkpoint of more of them is judged by those that are.
   */
  async function checkCosignatures(text, history, held) {
    if (text === null) return { verdict: 'absent' };
    const checkpoint = readCheckpoint(text);
    const size = Math.min(checkpoint.size, held);
    const policy = history.policies.findLast(({ since }) => since < size)?.policy;
    need(policy, 'policy');
    const registered = (key) => {
      const known = history.keys.get(key.keyid);
      return known?.vkey === key.vkey && known.role === 'witness' && known.revoked >= size;
    };
    const { signed, isMet: met } = await judge(checkpoint, policy, registered);
    const party = (key) => history.keys.get(key.keyid).party;
    const parties = history.parties.length ? history.parties : policy.witnesses.map(({ key }) => party(key));
    const missing = [...new Set(parties)].filter((each) => !signed.some(({ key }) => party(key) === each));
    return {
      verdict: met && missing.length === 0 ? 'passed' : 'partial',
      count: signed.length,
      detail: {
        size: checkpoint.size,
        signed: signed.map(({ key, time }) => ({ name: key.name, party: party(key), time })),
        missing,
        unwitnessed: held - size,
      },
    };
  }

  function checkRoot(root, first) {
    if (!root) return { verdict: 'absent', detail: { root: first } };
    need(root === first, 'root', { root: first });
    return { count: 1, detail: { root: first } };
  }

  /** Says how far it is, and lets the page be used, about twenty times a second. */
  function pacer(progress, total) {
    let [done, last] = [0, performance.now()];
    return async (more) => {
      done = Math.min(done + more, total);
      if (performance.now() - last < 50) return;
      progress?.(done, total);
      await new Promise((resolve) => setTimeout(resolve));
      last = performance.now();
    };
  }

  async function verify(given, progress) {
    const { entries: text, checkpoint = null, consistency = [], root = null, keys = [], policy } = given;
    const checks = CHECKS.map((name) => ({ name, verdict: 'unchecked', count: 0, detail: {} }));
    const attempt = async (name, work) => {
      const check = checks.find((each) => each.name === name);
      try {
        Object.assign(check, { verdict: 'passed' }, await work());
      } catch (fault) {
        // A fault of this program is no proof of anything, either.
        const detail = fault instanceof Fault ? fault.detail : { code: 'error', message: String(fault) };
        Object.assign(check, { verdict: 'failed', count: detail.sequence ?? 0, detail });
      }
      return check.verdict === 'passed';
    };
    const [entries, lines] = [[], text.split('\n')];
    // Each entry is read, hashed, verified, and stands in a tree of as many nodes.
    const pace = pacer(progress, 4 * lines.length);
    let head = null;
    const isFormed = await attempt('form', async () => {
      const sequence = lines.length - 1;
      need(lines.pop() === '', 'newline', { sequence });
      need(sequence > 0, 'empty');
      await map(lines, (line) => entries.push(readEntry(line, entries.length)), pace);
      return { count: entries.length };
    });
    const isSecure = Boolean(globalThis.crypto?.subtle);
    const isSigning = isSecure && (await isSupported());
    for (const check of checks.slice(1, 6)) {
      const hashesOnly = !['signatures', 'cosignatures'].includes(check.name);
      if (!(hashesOnly ? isSecure : isSigning)) check.verdict = 'unsupported';
      else if (!isFormed) check.detail = { code: 'form' };
    }
    if (isFormed && isSecure) {
      const hashes = await map(lines, leaf, pace);
      const leaves = hashes.map(hex);
      head = leaves.at(-1);
      await attempt('chain', () => checkChain(entries, leaves));
      await attempt('tree', () => checkTree(entries, hashes, checkpoint, consistency, pace));
      await attempt('root', () => checkRoot(root, leaves[0]));
    }
    if (isFormed && isSigning) {
      const history = new History();
      await attempt('signatures', async () => {
        await history.know(keys, policy);
        return checkSignatures(entries, history, pace);
      });
      await attempt('cosignatures', () => checkCosignatures(checkpoint, history, entries.length));
    }
    progress?.(4 * lines.length, 4 * lines.length);
    const holds = checks.every(({ verdict }) => !['failed', 'unsupported'].includes(verdict));
    return { holds, size: entries.length, head, checks };
  }

  // What stands beside `verify` is for the vectors that all verifiers share.
  return { verify, read, readKey, readCheckpoint, readPolicy, judge, isSigned, continues };
})();
