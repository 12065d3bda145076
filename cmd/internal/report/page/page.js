'use strict';
// The data is text from configs of other people: it becomes text nodes and attributes' values, never markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const meta = JSON.parse(byId('meta').textContent);
  const files = JSON.parse(byId('data').textContent);
  const severities = ['critical', 'high', 'medium', 'low'];
  const words = new Map(meta.statuses.map((s) => [s.status, s.word]));
  const rules = new Map(meta.rules.map((r) => [r.id, r]));
  const isDone = (status) => status === 'applied' || status === 'pending';
  const kind = (status) => (isDone(status) ? 'done' : status === 'suppressed' ? 'idle' : 'left');
  const number = (n) => n.toLocaleString('en');
  const plural = (n, one, many = one + 's') => `${number(n)} ${n === 1 ? one : many}`;

  // make is an element with properties, attributes (those with a dash, role and class) and children.
  function make(tag, props = {}, ...children) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props)) {
      if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
      else if (k in e && !k.includes('-')) e[k] = v;
      else e.setAttribute(k, v);
    }
    e.append(...children.filter((c) => c !== null && c !== undefined && c !== ''));
    return e;
  }
  function svg(tag, attrs, ...children) {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
    e.append(...children);
    return e;
  }

  const findings = [];
  files.forEach((file) => {
    file.findings = file.findings || [];
    file.diff = file.diff || [];
    for (const f of file.findings) {
      f.file = file;
      f.text = [file.repo, file.path, f.rule, f.owner, f.message].join('\n').toLowerCase();
      findings.push(f);
    }
  });
  const faults = files.filter((f) => f.error);
  const repoNames = new Set(files.map((f) => f.repo));

  // State. The part that says what is shown is in the address, so that it can be kept and passed on.
  const state = { tab: 'findings', q: '', severity: '', status: '', rule: '', repo: '', view: 'unified' };
  const sorts = { findings: { by: 'severity', down: true }, repos: { by: 'worst', down: true } };

  function readAddress() {
    const p = new URLSearchParams(location.hash.slice(1));
    for (const k of ['tab', 'q', 'severity', 'status', 'rule', 'repo']) state[k] = p.get(k) || (k === 'tab' ? 'findings' : '');
    if (!tabs.some((t) => t.id === 'tab-' + state.tab && !t.hidden)) state.tab = 'findings';
  }
  function writeAddress() {
    const p = new URLSearchParams();
    for (const k of ['tab', 'q', 'severity', 'status', 'rule', 'repo']) if (state[k] && !(k === 'tab' && state[k] === 'findings')) p.set(k, state[k]);
    const hash = p.toString();
    try { history.replaceState(null, '', hash ? '#' + hash : '#'); } catch { /* a page without an address of its own */ }
  }

  // The filters.
  const statusFits = (status) => !state.status || state.status === status || state.status === 'left' && kind(status) === 'left';
  function passes(f) {
    return (!state.severity || f.severity === state.severity) && statusFits(f.status) && (!state.rule || f.rule === state.rule) &&
      (!state.repo || f.file.repo === state.repo) && state.q.toLowerCase().split(/\s+/).every((w) => f.text.includes(w));
  }
  const filtered = () => state.q || state.severity || state.status || state.rule || state.repo;

  // The charts: each bar is a button that filters.
  function charts() {
    const total = (key, value) => {
      const n = { done: 0, left: 0, idle: 0, all: 0 };
      for (const f of findings) if (f[key] === value) { n[kind(f.status)]++; n.all++; }
      return n;
    };
    const chart = (key, values, label) => {
      const rows = values.map((v) => [v, total(key, v)]).filter(([, n]) => n.all > 0);
      const max = Math.max(1, ...rows.map(([, n]) => n.all));
      const bar = ([v, n]) => {
        const g = svg('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('rect', { class: 'track', width: 100, height: 10, rx: 0 }));
        let x = 0;
        for (const k of ['done', 'left', 'idle']) {
          const w = 100 * n[k] / max;
          if (w > 0) g.append(svg('rect', { class: k, x, width: w, height: 10 }));
          x += w;
        }
        const parts = key === 'status' ? '' : [n.done && `${number(n.done)} ${doneWord}`, n.left && `${number(n.left)} left`, n.idle && `${number(n.idle)} suppressed`].filter(Boolean).join(', ');
        return make('li', {}, make('button', {
          type: 'button', 'data-key': key, 'data-value': v, 'aria-pressed': 'false', title: parts,
          'aria-label': `${label(v)}: ${plural(n.all, 'finding')}${parts && ', ' + parts}. Filter by it`,
          onclick: () => set({ [key]: state[key] === v ? '' : v }),
        }, make('span', { className: key === 'severity' ? 'sev ' + v : '' }, label(v)), g, make('span', { className: 'n' }, number(n.all))));
      };
      const list = make('ul', { className: 'bars' }, ...rows.map(bar));
      const legend = make('p', { className: 'legend', 'aria-hidden': 'true' });
      for (const [k, w] of [['done', doneWord], ['left', 'left'], ['idle', 'suppressed']]) {
        if (findings.some((f) => kind(f.status) === k)) legend.append(make('span', {}, make('i', { className: k }), w));
      }
      byId('chart-' + key).replaceChildren(...(rows.length ? key === 'status' ? [list] : [list, legend] : [make('p', { className: 'muted' }, 'No findings.')]));
    };
    chart('status', meta.statuses.map((s) => s.status), (v) => words.get(v));
    chart('severity', severities, (v) => v);
    const used = [...new Set(findings.map((f) => f.rule))];
    const sizes = new Map(used.map((r) => [r, findings.reduce((n, f) => n + (f.rule === r), 0)]));
    chart('rule', used.sort((a, b) => sizes.get(b) - sizes.get(a) || (a < b ? -1 : 1)), (v) => v);
  }
  const doneWord = meta.dryRun ? 'would be fixed' : 'fixed';

  function headline() {
    const done = findings.filter((f) => isDone(f.status)).length;
    const left = findings.filter((f) => kind(f.status) === 'left').length;
    const all = findings.length;
    let text = 'No findings';
    if (all > 0) text = done === 0 ? `${plural(all, 'finding')}, none ${doneWord}` : `${number(done)} of ${plural(all, 'finding')} ${meta.dryRun ? 'would be' : done === 1 ? 'is' : 'are'} fixed`;
    byId('headline').textContent = text;
    const parts = [`${plural(repoNames.size, 'repository', 'repositories')}, ${plural(files.length, 'config')}.`];
    if (all > 0) parts.push(left === 0 ? 'Nothing is left.' : `${number(left)} left for people to decide.`);
    if (faults.length > 0) parts.push(`${plural(faults.length, 'config')} could not be handled.`);
    if (meta.dryRun) parts.push('A dry run: nothing was written.');
    byId('subline').textContent = parts.join(' ');
    const made = location.protocol === 'file:' ? `, written ${new Date(document.lastModified).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}` : '';
    byId('foot').textContent = `cfgfix ${meta.version}${made}. Keys are masked.`;
  }

  // Lists: rows are made as they are needed, so that a long list opens at once.
  const firstRows = 60, moreRows = 200;
  const watcher = 'IntersectionObserver' in window ? new IntersectionObserver((es) => es.forEach((e) => e.isIntersecting && e.target.more()), { rootMargin: '600px' }) : null;
  function fill(body, items, makeRow, columns) {
    let at = 0;
    body.replaceChildren();
    const grow = (n) => {
      const rest = body.querySelector('.more');
      if (rest) { if (watcher) watcher.unobserve(rest); rest.remove(); }
      const part = document.createDocumentFragment();
      for (const end = Math.min(items.length, at + n); at < end; at++) part.append(makeRow(items[at]));
      body.append(part);
      if (at < items.length) {
        const tr = make('tr', { className: 'more' }, make('td', { colSpan: columns }, make('button', { type: 'button', className: 'quiet', onclick: () => grow(moreRows) }, `Show more of the remaining ${number(items.length - at)}`)));
        tr.more = () => grow(moreRows);
        body.append(tr);
        if (watcher) watcher.observe(tr);
      }
    };
    body.all = () => grow(items.length);
    grow(firstRows);
  }

  const rank = (f) => severities.length - severities.indexOf(f.severity);
  const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const place = (f) => f.file.repo + '\u0000' + f.file.path;
  const statusRank = new Map(meta.statuses.map((s, i) => [s.status, i]));
  const columns = {
    findings: [
      { id: 'severity', name: 'Severity', order: (a, b) => rank(a) - rank(b) },
      { id: 'message', name: 'Finding', order: (a, b) => compareText(a.message, b.message) },
      { id: 'rule', name: 'Rule', order: (a, b) => compareText(a.rule, b.rule) },
      { id: 'repo', name: 'Repository', order: (a, b) => compareText(place(a), place(b)) || a.line - b.line },
      { id: 'status', name: 'Status', order: (a, b) => statusRank.get(a.status) - statusRank.get(b.status) },
    ],
    repos: [
      { id: 'name', name: 'Repository', order: (a, b) => compareText(a.name, b.name) },
      { id: 'worst', name: 'Worst left', order: (a, b) => a.worst - b.worst || a.left - b.left },
      { id: 'files', name: 'Configs', num: true, order: (a, b) => a.files - b.files },
      { id: 'all', name: 'Findings', num: true, order: (a, b) => a.all - b.all },
      { id: 'done', name: meta.dryRun ? 'Would be fixed' : 'Fixed', num: true, order: (a, b) => a.done - b.done },
      { id: 'left', name: 'Left', num: true, order: (a, b) => a.left - b.left || a.worst - b.worst },
      { id: 'share', name: 'Progress', order: (a, b) => a.share - b.share },
    ],
  };
  function heads(list) {
    const tr = byId(list + '-table').querySelector('thead tr');
    tr.replaceChildren(...columns[list].map((c) => {
      const th = make('th', { scope: 'col', role: 'columnheader', className: c.num ? 'num' : '' }, make('button', {
        type: 'button', 'data-sort': c.id,
        onclick: () => {
          const s = sorts[list];
          sorts[list] = { by: c.id, down: s.by === c.id ? !s.down : c.num || c.id === 'severity' || c.id === 'worst' };
          show();
          byId(list + '-table').querySelector(`[data-sort="${c.id}"]`).focus();
        },
      }, c.name));
      if (sorts[list].by === c.id) th.setAttribute('aria-sort', sorts[list].down ? 'descending' : 'ascending');
      return th;
    }));
  }
  function sorted(list, items) {
    const { by, down } = sorts[list];
    const { order } = columns[list].find((c) => c.id === by);
    return items.map((x, i) => [x, i]).sort(([a, i], [b, j]) => (down ? -1 : 1) * order(a, b) || i - j).map(([x]) => x);
  }

  // row is a row of a list, which stays one for screen readers where the page shows it as a card.
  function row(...cells) {
    for (const c of cells) c.setAttribute('role', 'cell');
    return make('tr', { className: 'row', role: 'row' }, ...cells);
  }

  let serial = 0;
  function findingRow(f) {
    const id = 'detail-' + (++serial);
    const button = make('button', { type: 'button', className: 'msg', 'aria-expanded': 'false', 'aria-controls': id },
      make('span', {}, ...withCode(f.message), make('span', { className: 'where' }, f.owner)));
    const tr = row(
      make('td', {}, make('span', { className: 'sev ' + f.severity }, f.severity)),
      make('td', { className: 'wide' }, button),
      make('td', { className: 'wide' }, make('code', {}, f.rule)),
      make('td', { className: 'wide repo' }, ...breakable(f.file.repo), make('span', { className: 'where' }, ...breakable(`${f.file.path}:${f.line}`))),
      make('td', {}, make('span', { className: 'st ' + kind(f.status) }, words.get(f.status))));
    button.addEventListener('click', () => {
      const open = button.getAttribute('aria-expanded') !== 'true';
      button.setAttribute('aria-expanded', String(open));
      tr.classList.toggle('open', open);
      if (open) tr.after(make('tr', { className: 'detail', id, role: 'row' }, make('td', { colSpan: columns.findings.length, role: 'cell' }, ...detail(f))));
      else tr.nextElementSibling.remove();
    });
    return tr;
  }

  // withCode is text whose parts between backquotes are code.
  // breakable is a path that may be broken behind its slashes.
  const breakable = (text) => text.split('/').flatMap((part, i, all) => (i < all.length - 1 ? [part + '/', make('wbr')] : [part]));
  const withCode = (text) => text.split('`').map((part, i) => (i % 2 ? make('code', {}, part) : part));
  function detail(f) {
    const dl = make('dl', { className: 'facts' });
    const add = (name, ...value) => { if (value.some((v) => v)) dl.append(make('dt', {}, name), make('dd', {}, ...value)); };
    const lines = (texts, code) => texts && texts.length > 0 && make('ul', {}, ...texts.map((x) => make('li', {}, ...(code ? [make('code', {}, x)] : withCode(x)))));
    add('Where', f.place && make('code', {}, f.place), f.place ? ` at ${f.line}:${f.column}` : `${f.line}:${f.column}`);
    add(isDone(f.status) ? 'Change' : 'Possible change', f.fix && `${f.fix} (${f.safety})`);
    add('Because', ...withCode(f.reason || ''));
    add('By', lines(f.facts, true));
    add('Missing', lines(f.needs, true));
    if (!(f.needs && f.needs.length)) add('Why it is left', ...withCode(f.next || ''));
    add('See also', lines((f.related || []).map((r) => `line ${r.line}: ${r.message}`)));
    add('Needs', lines((f.tasks || []).filter((t) => t.when === 'before').map((t) => taskText(t))));
    add('Confidence', f.confidence);
    const rule = rules.get(f.rule);
    add('Why it matters', ...withCode(rule ? rule.why.replace(/\s+/g, ' ') : ''));
    const parts = [dl];
    if (f.file.diff.length > 0) parts.push(diffBox(f.file));
    return parts;
  }
  const taskText = (t) => (t.group === 'context' ? `${t.text} (context ${t.name})` : t.group === 'project' ? `${t.text} (in the project)` : t.text);

  // The diff of a file, unified or side by side.
  function diffBox(file) {
    const box = make('div', { className: 'diffbox', tabIndex: 0, role: 'region', 'aria-label': `Change of ${file.path} in ${file.repo}` });
    const buttons = ['unified', 'split'].map((v) => make('button', { type: 'button', 'data-view': v, onclick: () => { state.view = v; redraw(); } }, v === 'unified' ? 'Unified' : 'Side by side'));
    const redraw = () => {
      for (const b of buttons) b.setAttribute('aria-pressed', String(b.dataset.view === state.view));
      box.replaceChildren(state.view === 'split' && innerWidth > 736 ? splitDiff(file) : unifiedDiff(file));
    };
    redraw();
    return make('div', {}, make('div', { className: 'difftop' },
      make('h3', {}, meta.dryRun ? 'What would change in ' : 'What changed in ', make('span', { className: 'mono' }, file.path)),
      make('div', { className: 'toggle', role: 'group', 'aria-label': 'View of the change' }, ...buttons)), box);
  }
  const code = (segments, mark) => segments.map((s, i) => (i % 2 ? make(mark, {}, s) : s));
  const cell = (className, ...children) => make('td', { className }, ...children);
  const sign = (k) => cell('sign', k === '-' ? make('span', { 'aria-label': 'removed' }, '\u2212') : k === '+' ? make('span', { 'aria-label': 'added' }, '+') : '');
  const gap = (span, text) => make('tr', { className: 'gap' }, make('td', { colSpan: span }, text));
  function unifiedDiff(file) {
    const table = make('table', { className: 'diff', ariaLabel: 'change' });
    file.diff.forEach((h, i) => {
      if (i > 0 || h.old > 1) table.append(gap(4, '\u22ef'));
      let o = h.old, n = h.new;
      for (const [k, , ...segments] of h.lines) {
        if (k === '\\') { table.append(gap(4, segments.join('').trim())); continue; }
        const name = k === '-' ? 'del' : k === '+' ? 'ins' : '';
        table.append(make('tr', { className: name }, cell('no', k === '+' ? '' : String(o)), cell('no', k === '-' ? '' : String(n)), sign(k), cell('', ...code(segments, name))));
        if (k !== '+') o++;
        if (k !== '-') n++;
      }
    });
    return table;
  }
  function splitDiff(file) {
    const table = make('table', { className: 'diff split', ariaLabel: 'change, side by side' });
    table.append(make('colgroup', {}, make('col', { className: 'no' }), make('col', { className: 'sign' }), make('col'), make('col', { className: 'no' }), make('col', { className: 'sign' }), make('col')));
    const half = (l, no, name) => (l ? [cell('no ' + name, String(no)), cell('sign ' + name, ...(l[0] === ' ' ? [] : [l[0] === '-' ? '\u2212' : '+'])), cell(name, ...code(l.slice(2), name || 'span'))] : [cell('no none'), cell('sign none'), cell('none')]);
    file.diff.forEach((h, i) => {
      if (i > 0 || h.old > 1) table.append(gap(6, '\u22ef'));
      let o = h.old, n = h.new, removed = [], added = [];
      const both = (l, r) => table.append(make('tr', {}, ...half(l, l && o++, l && l[0] === '-' ? 'del' : ''), ...half(r, r && n++, r && r[0] === '+' ? 'ins' : '')));
      const flush = () => {
        while (removed.length || added.length) {
          const l = removed[0], r = added[0];
          // Lines that stand for each other share a row; those before them come first.
          if (l && r && l[1] !== r[1] && (l[1] || r[1])) { if (l[1]) both(null, added.shift()); else both(removed.shift(), null); } else both(removed.shift(), added.shift());
        }
      };
      for (const l of h.lines) {
        if (l[0] === '-') removed.push(l);
        else if (l[0] === '+') added.push(l);
        else if (l[0] === ' ') { flush(); both(l, l); }
      }
      flush();
    });
    return table;
  }

  // Repositories: what passes the filters, by repo.
  function repoRows(shown) {
    const all = new Map();
    const of = (name) => {
      if (!all.has(name)) all.set(name, { name, files: 0, all: 0, done: 0, left: 0, worst: 0, share: 0 });
      return all.get(name);
    };
    for (const f of shown) {
      const r = of(f.file.repo);
      r.all++;
      if (kind(f.status) === 'left') { r.left++; r.worst = Math.max(r.worst, rank(f)); } else r.done += isDone(f.status) ? 1 : 0;
    }
    for (const f of files) if (all.has(f.repo) || !filtered()) of(f.repo).files++;
    for (const r of all.values()) r.share = r.all ? (r.all - r.left) / r.all : 2;
    return [...all.values()];
  }
  function repoRow(r) {
    const worst = r.worst ? severities[severities.length - r.worst] : '';
    const meter = svg('svg', { class: 'meter', viewBox: '0 0 100 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': r.all ? `${Math.round(100 * r.share)}% done` : 'no findings' }, svg('rect', { class: 'track', width: 100, height: 10 }));
    if (r.all) meter.append(svg('rect', { class: 'done', width: 100 * r.share, height: 10 }), svg('rect', { class: 'left', x: 100 * r.share, width: 100 * (1 - r.share), height: 10 }));
    return row(
      make('td', { className: 'wide' }, make('button', { type: 'button', className: 'link', onclick: () => { set({ repo: r.name, tab: 'findings' }); byId('tab-findings').focus(); } }, ...breakable(r.name))),
      make('td', { className: 'wide' }, worst ? make('span', { className: 'sev ' + worst }, worst) : make('span', { className: 'muted' }, 'none')),
      make('td', { className: 'num', 'data-label': 'Configs' }, number(r.files)), make('td', { className: 'num', 'data-label': 'Findings' }, number(r.all)),
      make('td', { className: 'num', 'data-label': meta.dryRun ? 'Would be fixed' : 'Fixed' }, number(r.done)), make('td', { className: 'num', 'data-label': 'Left' }, number(r.left)),
      make('td', { className: 'wide' }, meter));
  }

  // What has to be done outside of the files, by who can do it.
  const groupNames = { account: 'Cloud account', context: 'Context', runner: 'Runner class', project: 'Project settings', other: 'Everything else' };
  const groupOrder = Object.keys(groupNames);
  function tasks(shown) {
    const groups = new Map();
    let count = 0;
    for (const f of shown) {
      for (const t of f.tasks || []) {
        const key = [t.when, t.group, t.name || ''].join('\u0000');
        if (!groups.has(key)) groups.set(key, { when: t.when, group: t.group, name: t.name || '', items: new Map() });
        const items = groups.get(key).items;
        if (!items.has(t.text)) { items.set(t.text, new Set()); count++; }
        items.get(t.text).add(f.file.repo);
      }
    }
    const list = [...groups.values()].sort((a, b) => groupOrder.indexOf(a.group) - groupOrder.indexOf(b.group) || compareText(a.name, b.name));
    const card = (g) => make('section', { className: 'card group' },
      make('h3', {}, make('span', {}, g.name ? `${groupNames[g.group]} ` : { account: 'Cloud accounts', context: 'Contexts', runner: 'Runners' }[g.group] || groupNames[g.group], g.name && make('span', { className: 'mono' }, g.name)), make('span', { className: 'muted' }, plural(g.items.size, 'task'))),
      make('ul', {}, ...[...g.items].map(([text, repos]) => make('li', {}, ...withCode(text), repoList([...repos])))));
    const part = (when, title) => {
      const these = list.filter((g) => g.when === when);
      return these.length ? [make('h2', { className: 'when' }, title), make('div', { className: 'groups' }, ...these.map(card))] : [];
    };
    const parts = [...part('before', 'Before you merge'), ...part('after', 'After you merge')];
    byId('tasks').replaceChildren(...(parts.length ? parts : [make('p', { className: 'empty muted' }, 'Nothing has to be done outside of the configs.')]));
    byId('n-tasks').textContent = number(count);
  }
  function repoList(repos) {
    if (repos.length === 1) return repos[0] === '.' ? '' : make('span', { className: 'where' }, repos[0]);
    const d = make('details', {}, make('summary', {}, `${number(repos.length)} repositories`));
    d.addEventListener('toggle', () => { if (d.children.length === 1) d.append(make('p', {}, repos.sort().join(', '))); });
    return d;
  }

  // Showing it all.
  const tabs = [...document.querySelectorAll('[role=tab]')];
  function set(change) {
    Object.assign(state, change);
    if (Object.keys(change).some((k) => k !== 'tab')) show(); // opened rows stay open when only the view changes
    controls();
    writeAddress();
  }
  let shownCount = 0;
  function show() {
    const shown = sorted('findings', findings.filter(passes));
    const repos = sorted('repos', repoRows(shown));
    heads('findings');
    heads('repos');
    for (const [list, items, makeRow] of [['findings', shown, findingRow], ['repos', repos, repoRow]]) {
      fill(byId(list + '-table').tBodies[0], items, makeRow, columns[list].length);
      byId(list + '-table').hidden = items.length === 0;
      byId(list).querySelector('.empty').hidden = items.length > 0;
      byId('n-' + list).textContent = number(items.length);
    }
    tasks(shown);
    shownCount = shown.length;
  }
  function controls() {
    if (byId('q').value !== state.q) byId('q').value = state.q;
    for (const k of ['severity', 'status', 'rule']) byId(k).value = state[k];
    byId('repo-chip').hidden = !state.repo;
    byId('repo-chip').textContent = state.repo;
    byId('repo-chip').setAttribute('aria-label', `Only ${state.repo}: remove this filter`);
    byId('clear').hidden = !filtered();
    byId('shown').textContent = filtered() ? `${number(shownCount)} of ${plural(findings.length, 'finding')}` : plural(shownCount, 'finding');
    for (const b of document.querySelectorAll('.bars button')) b.setAttribute('aria-pressed', String(state[b.dataset.key] === b.dataset.value));
    for (const t of tabs) {
      const on = t.id === 'tab-' + state.tab;
      t.setAttribute('aria-selected', String(on));
      t.tabIndex = on ? 0 : -1;
      byId(t.getAttribute('aria-controls')).hidden = !on;
    }
    byId('filters').hidden = state.tab === 'faults';
  }

  function setUp() {
    const options = (id, any, list) => byId(id).append(make('option', { value: '' }, any), ...list.map(([v, name]) => make('option', { value: v }, name)));
    options('severity', 'Any', severities.map((s) => [s, s]));
    options('status', 'Any', [['left', 'left'], ...meta.statuses.filter((s) => findings.some((f) => f.status === s.status)).map((s) => [s.status, s.word])]);
    options('rule', 'Any', [...new Set(findings.map((f) => f.rule))].sort().map((r) => [r, r]));
    for (const k of ['severity', 'status', 'rule']) byId(k).addEventListener('change', (e) => set({ [k]: e.target.value }));
    let timer = 0;
    byId('q').addEventListener('input', (e) => { clearTimeout(timer); timer = setTimeout(() => set({ q: e.target.value.trim() }), 120); });
    byId('filters').addEventListener('submit', (e) => e.preventDefault());
    const clear = () => set({ q: '', severity: '', status: '', rule: '', repo: '' });
    byId('clear').addEventListener('click', () => { clear(); byId('q').focus(); });
    byId('repo-chip').addEventListener('click', () => { set({ repo: '' }); byId('q').focus(); });
    tabs.forEach((t) => t.addEventListener('click', () => set({ tab: t.id.slice(4) })));
    tabs[0].parentElement.addEventListener('keydown', (e) => {
      const on = tabs.filter((t) => !t.hidden);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      const to = step ? on[(on.indexOf(e.target) + step + on.length) % on.length] : { Home: on[0], End: on[on.length - 1] }[e.key];
      if (!to) return;
      e.preventDefault();
      set({ tab: to.id.slice(4) });
      to.focus();
    });
    document.addEventListener('keydown', (e) => {
      if (e.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); byId('q').focus(); }
      if (e.key === 'Escape' && e.target === byId('q')) { clearTimeout(timer); e.target.value = ''; set({ q: '' }); }
    });
    addEventListener('beforeprint', () => { for (const l of ['findings', 'repos']) byId(l + '-table').tBodies[0].all(); });
    addEventListener('hashchange', () => { readAddress(); set(state); });
    byId('tab-faults').hidden = faults.length === 0;
    byId('faults').toggleAttribute('data-none', faults.length === 0);
    byId('n-faults').textContent = number(faults.length);
    byId('faults').querySelector('ul').append(...faults.map((f) => make('li', {}, f.repo === '.' ? '' : make('strong', {}, f.repo + ' '), make('span', { className: 'mono' }, f.path), make('span', { className: 'where' }, f.error))));
  }

  headline();
  charts();
  setUp();
  readAddress();
  set(state);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
