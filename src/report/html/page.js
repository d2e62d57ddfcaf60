'use strict';

/**
 * What a report shows of itself: it verifies the entries that it carries, and says what each check has found.
 *
 *   #entries, #checkpoint, #consistency   what is verified, as text; the last two may be absent, and of the last each line
 *                                         is a hash
 *   #root, #verify                        where a reader enters the hash of entry 0, and begins again
 *   #checks, #result, #verifying          where the answer is shown: rows, a sentence (aria-live), how far it is
 *   #words                                every word of it, by key, so that a page has one language
 *   main[data-digest]                     SHA-256 of the text of `main` as it was written, in UTF-8
 *
 * At its end `data-verified` of the document is passed, failed or unsupported. Entries are hostile: whatever comes from them
 * is set as text, and nothing is ever read as markup.
 */
(() => {
  // A sign for those who see no colour, beside the word for those who see no sign.
  const SIGNS = { passed: '✓', failed: '✕', partial: '?', unsupported: '?', absent: '–', unchecked: '–' };
  const element = (id) => document.getElementById(id);
  const text = (id) => element(id)?.textContent ?? null;

  let words = {};
  const word = (key, values = {}) =>
    (words[key] ?? key).replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place).slice(0, 200));
  const list = (items) => (items.length > 0 ? items.join(', ') : word('nobody'));
  const sentences = (...keys) => keys.filter(Boolean).join(' ');

  function instant(seconds) {
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000', '');
  }

  /** What a check has to say, as a sentence or two. */
  function told({ name, verdict, detail }) {
    if (verdict === 'failed') {
      const what = word(`fault.${detail.code}`, detail);
      return detail.sequence === undefined ? what : word('entry', { ...detail, what });
    }
    if (verdict === 'unsupported') return word('unsupported.all');
    if (verdict === 'unchecked' && detail.code) return word('unchecked.all');
    const who = ({ name: key, party, time }) => word('cosigned', { key, party, time: instant(time) });
    const values = { ...detail, signed: list(detail.signed?.map(who) ?? []), missing: list(detail.missing ?? []) };
    return sentences(
      word(`${verdict}.${name}`, values),
      detail.beyond > 0 && word('beyond', detail),
      verdict === 'partial' && (detail.missing.length > 0 ? word('missing', values) : word('quorum')),
      detail.unwitnessed > 0 && word('unwitnessed', detail),
    );
  }

  function row(check) {
    const cells = [SIGNS[check.verdict], word(`check.${check.name}`), word(`verdict.${check.verdict}`)];
    cells.push(check.count > 0 ? String(check.count) : '', told(check));
    const row = document.createElement('tr');
    row.dataset.check = check.name;
    row.dataset.verdict = check.verdict;
    cells.forEach((content, at) => {
      const cell = document.createElement(at === 1 ? 'th' : 'td');
      if (at === 0) cell.setAttribute('aria-hidden', 'true');
      if (at === 1) cell.scope = 'row';
      cell.textContent = content;
      row.append(cell);
    });
    return row;
  }

  /** Whether the words of the page are those that were written. Whoever forges them writes another digest beside them. */
  async function checkPage(written, digest) {
    const check = { name: 'page', verdict: 'absent', count: 0, detail: {} };
    if (!digest) return check;
    if (!globalThis.crypto?.subtle) return { ...check, verdict: 'unsupported' };
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(written)));
    const found = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (found === digest) return { ...check, verdict: 'passed' };
    return { ...check, verdict: 'failed', detail: { code: 'page' } };
  }

  function summary(verdict, checks) {
    if (verdict !== 'passed') return word(`result.${verdict}`);
    const of = (name) => checks.find((check) => check.name === name);
    // Without a root from elsewhere nobody knows whose entries these are: anybody can found a ledger.
    return sentences(
      word(of('root').verdict === 'passed' ? 'result.authenticated' : 'result.consistent'),
      of('cosignatures').verdict !== 'passed' && word('result.incomplete'),
      of('chain').detail.clock === 'illustrative' && word('result.illustrative'),
    );
  }

  async function verify(page) {
    const { dataset } = document.documentElement;
    const [button, progress, result] = ['verify', 'verifying', 'result'].map(element);
    delete dataset.verified;
    button.disabled = true;
    progress.hidden = false;
    progress.removeAttribute('value');
    result.textContent = word('result.running');
    let [verdict, checks] = ['failed', []];
    try {
      const given = {
        entries: text('entries') ?? '',
        checkpoint: text('checkpoint'),
        consistency: (text('consistency') ?? '').split('\n').filter((line) => line !== ''),
        // As it was copied, perhaps over several lines.
        root: element('root').value.replace(/\s/g, '').toLowerCase(),
      };
      const { checks: found } = await annals.verify(given, (done, total) => {
        progress.max = total;
        progress.value = done;
      });
      checks = [...found, await page];
      const verdicts = checks.map((check) => check.verdict);
      verdict = ['failed', 'unsupported'].find((worst) => verdicts.includes(worst)) ?? 'passed';
      result.textContent = summary(verdict, checks);
    } catch (error) {
      result.textContent = word('result.error', { error });
    }
    element('checks').replaceChildren(...checks.map(row));
    progress.hidden = true;
    button.disabled = false;
    dataset.verified = verdict;
  }

  document.addEventListener('DOMContentLoaded', () => {
    words = JSON.parse(text('words'));
    // Before anything is written into it.
    const main = document.querySelector('main');
    const page = checkPage(main?.textContent ?? '', main?.dataset.digest);
    element('verify').addEventListener('click', () => verify(page));
    verify(page);
  });
})();
