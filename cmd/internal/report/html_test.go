package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
)

// checkPage reads the data of a page back, and finds what would load something or let a text out of its script.
func checkPage(t *testing.T, out string) {
	t.Helper()
	var files []pageFile
	if err := json.Unmarshal([]byte(between(t, out, `<script type="application/json" id="data">`, "</script>")), &files); err != nil {
		t.Fatal(err)
	}
	var meta pageMeta
	if err := json.Unmarshal([]byte(between(t, out, `<script type="application/json" id="meta">`, "</script>")), &meta); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, "<script"); n != 3 {
		t.Errorf("%d scripts, want 3", n)
	}
	for _, bad := range []string{"<img", "<!--", "<link", "href=\"http", "url(", "@import"} {
		if strings.Contains(out, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, begin)
	if !ok {
		t.Fatalf("no %s", begin)
	}
	text, _, _ = strings.Cut(rest, end)
	return text
}

func TestHunks(t *testing.T) {
	t.Parallel()
	const patch = "--- a/x\n+++ b/x\n@@ -3,4 +3,3 @@ \n a\n-    KEY: one # why\n-    OTHER: x\n+    KEY: two # why\n b\n@@ -9 +8,0 @@\n-c\n\\ No newline at end of file\n"
	var got []string
	for _, h := range hunksOf([]byte(patch)) {
		got = append(got, fmt.Sprint(h.old, h.new))
		for _, l := range h.lines {
			got = append(got, fmt.Sprintf("%c%d %s", l.kind, l.pair, strings.Join(l.segments(), "|")))
		}
	}
	want := []string{"3 3", " 0 a", "-1     KEY: |one| # why", "-0     OTHER: x", "+1     KEY: |two| # why", " 0 b", "9 8", "-0 c", `\0  No newline at end of file`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTaskGroups(t *testing.T) {
	t.Parallel()
	tests := []struct {
		p           fixes.Prerequisite
		group, name string
	}{
		{fixes.Prerequisite{Kind: "variable", Where: "context deploy", Text: "define X"}, "context", "deploy"},
		{fixes.Prerequisite{Kind: "variable", Where: "one of the contexts a, b", Text: "define X"}, "context", "a, b"},
		{fixes.Prerequisite{Kind: "context", Text: "make sure that the context deploy exists"}, "context", "deploy"},
		{fixes.Prerequisite{Kind: "variable", Where: "the project", Text: "delete X"}, "project", ""},
		{fixes.Prerequisite{Kind: "role", Where: "account 123456789012", Text: "create a role"}, "account", "123456789012"},
		{fixes.Prerequisite{Kind: "role", Text: "create arn:aws:iam::123456789012:role/x"}, "account", "123456789012"},
		{fixes.Prerequisite{Kind: "key", Text: "deactivate X"}, "account", ""},
		{fixes.Prerequisite{Kind: "runner", Text: "install a container runner for the resource class acme/linux-x where it reaches db"}, "runner", "acme/linux-x"},
		{fixes.Prerequisite{Kind: "runner", Text: "allow its addresses"}, "runner", ""},
		{fixes.Prerequisite{Kind: "check", Text: "try it"}, "other", ""},
	}
	for _, tt := range tests {
		if group, name := taskGroup(tt.p); group != tt.group || name != tt.name {
			t.Errorf("%+v is for %s %q, want %s %q", tt.p, group, name, tt.group, tt.name)
		}
	}
}

// page is the HTML of a run over files.
func page(t *testing.T, files []*File) string {
	t.Helper()
	out, _ := write(t, Options{Format: "html", DryRun: true, Version: "test"}, files)
	return out
}

// manyFiles are the golden cases as the configs of n repos.
func manyFiles(t *testing.T, n int) []*File {
	t.Helper()
	var all []*File
	for _, f := range goldenFiles(t, true) {
		if len(f.Result.Results) > 0 {
			all = append(all, f)
		}
	}
	out := make([]*File, n)
	for i := range out {
		f := *all[i*max(1, len(all)/n)%len(all)] // from all over the cases
		f.Repo, f.Path = fmt.Sprintf("acme/service-%04d", i), ".circleci/config.yml"
		f.Name = f.Repo + "/" + f.Path
		out[i] = &f
	}
	return out
}

const (
	shownFindings = "document.querySelectorAll('#findings-table tr.row').length"
	activeID      = "document.activeElement.id"
)

func TestPageFilters(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	files := manyFiles(t, 40)
	total := 0
	for _, f := range files {
		total += len(f.Result.Results)
	}
	b.open(page(t, files), 1280)
	text := func(id string) string {
		return eval[string](b, fmt.Sprintf("document.getElementById(%q).textContent", id))
	}
	if got, want := text("n-findings"), fmt.Sprint(total); got != want {
		t.Errorf("%s findings, want %s", got, want)
	}
	if got := text("n-repos"); got != "40" {
		t.Errorf("%s repositories, want 40", got)
	}
	b.click(".bars button[data-key=severity][data-value=high]")
	if n := eval[int](b, "[...document.querySelectorAll('#findings-table tr.row .sev')].filter((e) => e.textContent !== 'high').length"); n != 0 {
		t.Errorf("%d findings are not high", n)
	}
	if !eval[bool](b, "document.querySelector('.bars button[data-value=high]').getAttribute('aria-pressed') === 'true' && document.getElementById('severity').value === 'high' && location.hash.includes('severity=high')") {
		t.Error("the filter is not shown as one")
	}
	b.click("#clear")
	eval[bool](b, "(() => { const q = document.getElementById('q'); q.value = 'service-0007'; q.dispatchEvent(new Event('input')); return true })()")
	b.wait("document.getElementById('n-repos').textContent === '1'")
	if got, want := eval[int](b, shownFindings), len(files[7].Result.Results); got != want {
		t.Errorf("%d findings of a repo, want %d", got, want)
	}
	b.click("#clear")
	b.click("#tab-repos")
	b.click("#repos-table [data-sort=name]")
	if got := eval[string](b, "document.querySelector('#repos-table tr.row button').textContent"); got != "acme/service-0000" {
		t.Errorf("the first repo by name is %s", got)
	}
	b.click("#repos-table [data-sort=name]")
	if got := eval[string](b, "document.querySelector('#repos-table tr.row button').textContent + document.querySelector('#repos-table th').getAttribute('aria-sort')"); got != "acme/service-0039descending" {
		t.Errorf("the first repo the other way round is %s", got)
	}
	b.click("#repos-table tr.row button")
	if got := eval[string](b, "document.getElementById('repo-chip').textContent + ' ' + document.querySelector('[aria-selected=true]').id"); got != "acme/service-0039 tab-findings" {
		t.Errorf("a click on the repo shows %s", got)
	}
}

func TestPageKeys(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	b.open(page(t, manyFiles(t, 5)), 1280)
	b.press("/")
	if got := eval[string](b, activeID); got != "q" {
		t.Errorf("/ goes to %q", got)
	}
	b.press("n", "o", "n", "e", "s", "u", "c", "h")
	b.wait(shownFindings + " === 0")
	if !eval[bool](b, "!document.querySelector('#findings .empty').hidden") {
		t.Error("an empty list says nothing")
	}
	b.press("Escape")
	b.wait(shownFindings + " > 0")
	eval[bool](b, "document.getElementById('tab-findings').focus() ?? true")
	for _, step := range [][2]string{
		{"ArrowRight", "tab-repos"}, {"ArrowLeft", "tab-findings"}, {"ArrowLeft", "tab-tasks"}, {"Home", "tab-findings"}, {"End", "tab-tasks"}, {"Home", "tab-findings"},
	} {
		b.press(step[0])
		if got := eval[string](b, activeID+" + ' ' + document.querySelector('[aria-selected=true]').id"); got != step[1]+" "+step[1] {
			t.Errorf("%s goes to %s, want %s", step[0], got, step[1])
		}
	}
	// From the tabs on, the tab key comes to a finding, and enter opens it.
	for range 40 {
		if eval[bool](b, "document.activeElement.classList.contains('msg')") {
			break
		}
		b.press("Tab")
	}
	b.press("Enter")
	if !eval[bool](b, "document.activeElement.getAttribute('aria-expanded') === 'true' && document.querySelectorAll('tr.detail').length === 1") {
		t.Error("enter does not open a finding")
	}
	b.press("Enter")
	if n := eval[int](b, "document.querySelectorAll('tr.detail').length"); n != 0 {
		t.Error("enter does not close it")
	}
}

// TestPageIsHarmless opens a page whose every text tries to become markup.
func TestPageIsHarmless(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	b.open(page(t, hostileFiles()), 1280)
	eval[bool](b, "(() => { for (const e of document.querySelectorAll('.msg')) e.click(); for (const e of document.querySelectorAll('[data-view=split]')) e.click(); return true })()")
	b.click("#tab-tasks")
	if got := eval[int](b, "document.images.length + document.querySelectorAll('iframe, object, embed, link, a[href^=http], script:not([type])').length"); got != 1 {
		t.Errorf("%d elements that were not meant, besides the page's own script", got-1)
	}
	if !eval[bool](b, "[...document.querySelectorAll('.msg')].some((e) => e.textContent.includes('</script><img src=x onerror=alert(1)>'))") {
		t.Error("the text of a finding is not shown as it is")
	}
	// The policy of the page itself forbids what would come from elsewhere, and scripts that are not its own.
	refused := "(async () => { const hit = new Promise((r) => document.addEventListener('securitypolicyviolation', (e) => r(e.effectiveDirective), { once: true }));" +
		" %s; return Promise.race([hit, new Promise((r) => setTimeout(() => r('allowed'), 2000))]); })()"
	for code, directive := range map[string]string{
		"new Image().src = 'https://example.invalid/x.png'":                                                                     "img-src",
		"fetch('https://example.invalid/').catch(() => 0)":                                                                      "connect-src",
		"document.head.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))":              "script-src-elem",
		"document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.ran = 1\">x</p>'), document.body.lastChild.click()": "script-src-attr",
	} {
		if got := eval[string](b, fmt.Sprintf(refused, code)); got != directive {
			t.Errorf("%s: %s, want it refused by %s", code, got, directive)
		}
	}
}

func TestPageShowsDiffs(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	files := manyFiles(t, 60)
	b.open(page(t, files), 1280)
	eval[bool](b, "(() => { for (const e of [...document.querySelectorAll('.msg')]) e.click(); return true })()")
	for _, class := range []string{"tr.del", "tr.ins", "tr.del del", "tr.ins ins"} {
		if eval[int](b, fmt.Sprintf("document.querySelectorAll('.diff %s').length", class)) == 0 {
			t.Errorf("no %s in the diffs", class)
		}
	}
	eval[bool](b, "(() => { const open = document.querySelectorAll('.msg[aria-expanded=true]'); for (const e of open) if (!e.closest('tr').nextElementSibling.querySelector('del')) e.click(); return true })()")
	b.picture("unified", ".detail")
	// The lines of a diff are those of the patch, in both views.
	const lines = "[...document.querySelector('.diff').querySelectorAll('tr.del td:last-child')].map((e) => e.textContent)"
	unified := eval[[]string](b, lines)
	b.click("[data-view=split]")
	split := eval[[]string](b, "[...document.querySelector('.diff.split').querySelectorAll('td.del:not(.no):not(.sign)')].map((e) => e.textContent)")
	b.picture("split", ".detail")
	if diff := cmp.Diff(unified, split); diff != "" {
		t.Errorf("removed lines (-unified +side by side):\n%s", diff)
	}
}

// contrastScript finds the texts that are hard to read: those whose contrast with what is behind them is below 4.5.
const contrastScript = `(() => {
  const rgb = (c) => { const v = c.match(/[\d.]+/g).map(Number); if (c.startsWith('color(srgb')) for (let i = 0; i < 3; i++) v[i] *= 255; return v; };
  const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const over = (top, under) => { const a = top.length > 3 ? top[3] : 1; return [0, 1, 2].map((i) => top[i] * a + under[i] * (1 - a)); };
  const behind = (e) => { const all = []; for (let x = e; x; x = x.parentElement) all.push(rgb(getComputedStyle(x).backgroundColor)); return all.reduceRight((under, c) => over(c, under), [255, 255, 255]); };
  const bad = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.checkVisibility() || /^(SCRIPT|STYLE|OPTION)$/.test(e.tagName)) continue;
    const a = lum(over(rgb(getComputedStyle(e).color), behind(e))), b = lum(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...bad];
})()`

func TestPageContrast(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	files := append(manyFiles(t, 60), testFiles()...)
	for _, scheme := range []string{"light", "dark"} {
		b.open(page(t, files), 1280)
		b.media("screen", scheme)
		b.picture(scheme, "html")
		eval[bool](b, "(() => { for (const e of [...document.querySelectorAll('.msg')]) e.click(); return true })()")
		for _, tab := range []string{"findings", "repos", "tasks", "faults"} {
			b.click("#tab-" + tab)
			b.picture(scheme+"-"+tab, "html")
			if bad := eval[[]string](b, contrastScript); len(bad) > 0 {
				t.Errorf("%s, %s: hard to read: %v", scheme, tab, bad)
			}
		}
	}
}

// TestPageLayout looks for what does not fit a phone, and for what is missing on paper.
func TestPageLayout(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	b.open(page(t, append(manyFiles(t, 30), hostileFiles()...)), 390)
	eval[bool](b, "document.querySelector('.msg').click() ?? true")
	for _, tab := range []string{"findings", "repos", "tasks", "faults"} {
		b.click("#tab-" + tab)
		b.picture("phone-"+tab, "html")
		if over := eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			t.Errorf("%s is %d pixels wider than a phone", tab, over)
		}
	}
	b.resize(1000, 1400)
	b.media("print", "light")
	eval[bool](b, "dispatchEvent(new Event('beforeprint'))")
	b.picture("print", "html")
	for _, selector := range []string{"#findings-table tr.row", "#repos-table tr.row", "#tasks .group", "#faults li"} {
		if !eval[bool](b, fmt.Sprintf("document.querySelector(%q).checkVisibility()", selector)) {
			t.Errorf("%s is not printed", selector)
		}
	}
	if eval[bool](b, "document.querySelector('.filters').checkVisibility()") {
		t.Error("the filters are printed")
	}
}

// TestPageNames asks the accessibility tree, which is what screen readers read, for controls without a name.
func TestPageNames(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	b.open(page(t, manyFiles(t, 10)), 1280)
	eval[bool](b, "document.querySelector('.msg').click() ?? true")
	type value struct{ Value any }
	nodes := get[[]struct {
		Ignored    bool
		Role, Name value
	}](b, b.call("Accessibility.getFullAXTree", nil), "nodes")
	seen := map[any]int{}
	for _, n := range nodes {
		if n.Ignored {
			continue
		}
		seen[n.Role.Value]++
		switch n.Role.Value {
		case "button", "tab", "searchbox", "combobox", "tabpanel", "search", "region", "columnheader", "table":
			if n.Name.Value == "" || n.Name.Value == nil {
				t.Errorf("a %v has no name", n.Role.Value)
			}
		}
	}
	for _, role := range []string{"heading", "main", "tablist", "tab", "tabpanel", "searchbox", "combobox", "columnheader", "status", "button"} {
		if seen[role] == 0 {
			t.Errorf("there is no %s", role)
		}
	}
}

// TestPageOpensFast opens a run over a thousand repos. The script's own time is looked at, which other work on the
// machine disturbs least.
func TestPageOpensFast(t *testing.T) {
	b := chromium(t) // not parallel
	html := page(t, manyFiles(t, 1000))
	var ready int
	for range 3 { // the machine may have other work
		b.open(html, 1280)
		if ready = eval[int](b, "+document.documentElement.dataset.ready"); ready <= 2000 {
			break
		}
	}
	t.Logf("%d KB, ready after %d ms, %d rows", len(html)>>10, ready, eval[int](b, shownFindings))
	if ready > 2000 {
		t.Errorf("the page is ready after %d ms, want 2000 at most", ready)
	}
	if n := eval[int](b, shownFindings); n > 500 {
		t.Errorf("%d rows are made at once", n)
	}
	b.picture("thousand", "html")
}
