package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cfgfix/cmd/internal/forge"
	"cfgfix/cmd/internal/git"
)

// prRepo is the work on one repo.
type prRepo struct {
	*prRun
	out     *prOutcome
	clone   *git.Clone
	remote  *git.Remote
	access  *forge.Access
	server  forge.Forge // nil without a token
	scratch *git.Scratch
	base    string // the branch to start from
	baseTip string
	oldTip  string // of our branch on the remote; "" when it is not there
	tip     string // of the same when all is done
}

// handle does all there is to do for one repo.
func (r *prRun) handle(ctx context.Context, found foundClone) *prOutcome {
	out := &prOutcome{name: found.name, status: prFailed, err: found.err}
	if out.err != nil {
		return out
	}
	p := &prRepo{prRun: r, out: out, clone: found.clone}
	if out.err = p.locate(ctx); out.err != nil {
		return out
	}
	if !r.first(p.remote) {
		out.status = prTwice
		return out
	}
	scratch, err := git.NewScratch(ctx, p.clone, p.remote.URL, r.io.env, p.credential())
	if err != nil {
		out.err = localFailure("work in the directory for temporary files", err)
		return out
	}
	defer scratch.Close()
	p.scratch = scratch
	out.status, out.err = p.run(ctx)
	if out.err != nil {
		out.status = prFailed
	}
	p.remember()
	return out
}

// locate finds out where the repo is pushed to, and how to reach its forge.
func (p *prRepo) locate(ctx context.Context) error {
	url, err := p.clone.RemoteURL(p.prRun.remote)
	if err != nil {
		return err
	}
	if err = p.use(url); err != nil {
		// The user's own configuration may know the URL by another name.
		if full, rewriteErr := git.Rewritten(ctx, p.io.env, url); rewriteErr == nil && full != url {
			err = p.use(full)
		}
	}
	if err != nil {
		return err
	}
	p.out.name = p.remote.Path
	if p.access.Token == "" && p.dryRun {
		return nil
	}
	p.server, err = forge.Connect(p.access, forge.Patience{Tries: 4, Wait: p.wait, Clock: p.clock, Note: p.note})
	return err
}

func (p *prRepo) use(url string) error {
	remote, err := git.ParseRemote(url)
	if err != nil {
		return err
	}
	p.remote = remote
	if p.access, err = forge.Locate(remote.Host, p.given, p.io.environ); err != nil {
		return err
	}
	if p.access.Kind == forge.GitHub && strings.Count(remote.Path, "/") > 1 {
		return fmt.Errorf("the remote's URL has more than an OWNER/NAME: %s", remote.Path)
	}
	p.out.token = p.access.Token
	return nil
}

func (p *prRepo) note(format string, args ...any) {
	fmt.Fprintln(p.io.err, "cfgfix: note:", p.out.visible(p.out.name+": "+fmt.Sprintf(format, args...)))
}

// credential is what git shows to the server: nothing where others could read it, and nothing where ssh has its own keys.
func (p *prRepo) credential() git.Credential {
	if !forge.Confidential(p.remote.Scheme, p.remote.Host) {
		return git.Credential{}
	}
	return git.Credential{Server: p.remote.Server(), User: p.access.GitUser, Password: p.access.Token}
}

// run brings the branch and the pull request to where they should be.
func (p *prRepo) run(ctx context.Context) (prStatus, error) {
	if status, err := p.look(ctx); status != "" || err != nil {
		return status, err
	}
	if p.done.unchanged(p.key(), p.inputs()) {
		return prSkipped, nil
	}
	plan, err := p.plan(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case len(plan.commits) > 0:
	case len(p.out.faults) > 0:
		return prFailed, nil
	default:
		return prClean, nil
	}
	same, own, err := p.compare(ctx, plan)
	if err != nil {
		return "", err
	}
	var request *forge.Request
	if p.server != nil {
		if request, err = p.server.Find(ctx, p.remote.Path, p.branch, p.base); err != nil {
			return "", err
		}
	}
	if request != nil {
		p.out.url = request.URL
	}
	switch {
	case !own:
		return prForeign, nil
	case request != nil && request.State == forge.Closed && !p.reopen:
		return prDeclined, nil
	case request != nil && request.State != forge.Opened:
		request, p.out.url = nil, ""
	}
	if p.dryRun {
		return p.foretell(plan, request, same), nil
	}
	return p.carryOut(ctx, plan, request, same)
}

// look asks the remote what is there. A status means that there is nothing to do.
func (p *prRepo) look(ctx context.Context) (prStatus, error) {
	branches := []string{p.branch}
	if p.prRun.base != "" {
		branches = append(branches, p.prRun.base)
	}
	var heads *git.Heads
	err := p.patiently(ctx, func() (err error) {
		heads, err = p.scratch.Heads(ctx, branches...)
		return err
	})
	if err != nil {
		return "", p.gitFailure("reach", err)
	}
	p.base, p.oldTip = p.prRun.base, heads.Tips[p.branch]
	if p.base == "" {
		p.base = heads.Default
	}
	p.baseTip, p.tip = heads.Tips[p.base], p.oldTip
	switch {
	case heads.Empty:
		return prClean, nil
	case p.base == "":
		return "", errors.New("the remote does not say which branch is its default: name it with --base")
	case p.base == p.branch:
		return "", fmt.Errorf("the branch %s is the default of the remote: name another one with --branch", p.branch)
	case p.baseTip == "":
		return "", fmt.Errorf("the remote has no branch %s: name one that it has with --base", p.base)
	}
	return "", nil
}

// compare holds the plan against the branch on the remote: whether it is all there, and whether nobody else has a part
// in it.
func (p *prRepo) compare(ctx context.Context, plan *prPlan) (same, own bool, err error) {
	if p.oldTip == "" {
		return false, true, nil
	}
	if err := p.patiently(ctx, func() error { return p.scratch.Need(ctx, p.branch, p.oldTip) }); err != nil {
		return false, false, p.gitFailure("fetch from", err)
	}
	old, own, err := p.scratch.Own(ctx, p.oldTip)
	if err != nil || !own {
		return false, false, err
	}
	if len(old) != len(plan.commits) {
		return false, true, nil
	}
	for i, c := range plan.commits {
		was, err := p.scratch.Changes(ctx, old[i].ID)
		if err != nil {
			return false, false, err
		}
		is, err := p.scratch.Changes(ctx, c.id)
		if err != nil || was != is || old[i].Message != c.message {
			return false, true, err
		}
	}
	return true, true, nil
}

// carryOut pushes the branch when it changed, and opens or updates the pull request.
func (p *prRepo) carryOut(ctx context.Context, plan *prPlan, request *forge.Request, same bool) (prStatus, error) {
	if !same {
		switch err := p.push(ctx, p.oldTip, plan.tip()); {
		case err == nil:
			p.tip = plan.tip()
		case p.landed(ctx, plan, err):
			same = true
		default:
			return "", p.gitFailure("push to", err)
		}
	}
	if request == nil {
		opened, err := p.open(ctx, plan)
		if err != nil {
			return "", p.undo(ctx, plan, same, err)
		}
		p.out.url = opened.URL
		p.decorate(ctx, opened)
		return prOpened, nil
	}
	edited, err := p.edit(ctx, plan, request)
	if err != nil {
		p.fault(err)
	}
	if p.decorate(ctx, request) || edited || !same {
		return prUpdated, nil
	}
	return prSame, nil
}

func (p *prRepo) push(ctx context.Context, old, tip string) error {
	return p.patiently(ctx, func() error { return p.scratch.Push(ctx, p.branch, old, tip) })
}

// landed reports whether the branch, after the remote refused a push, has all of the plan: git may go on with the push of
// a run that was killed while the next run is at work.
func (p *prRepo) landed(ctx context.Context, plan *prPlan, refusal error) bool {
	var refused *git.PushError
	if !errors.As(refusal, &refused) {
		return false
	}
	if _, err := p.look(ctx); err != nil || p.oldTip == "" {
		return false
	}
	same, own, err := p.compare(ctx, plan)
	return err == nil && same && own
}

// open makes the pull request. One that was made meanwhile, or by a call whose answer was lost, is taken.
func (p *prRepo) open(ctx context.Context, plan *prPlan) (*forge.Request, error) {
	request, err := p.server.Open(ctx, p.remote.Path, forge.Wanted{
		Branch: p.branch, Base: p.base, Title: plan.title, Body: plan.body, Draft: p.draft,
	})
	if err == nil {
		return request, nil
	}
	ctx, cancel := p.afterwards(ctx)
	defer cancel()
	found, findErr := p.server.Find(ctx, p.remote.Path, p.branch, p.base)
	if findErr == nil && found != nil && found.State == forge.Opened {
		return found, nil
	}
	return nil, err
}

// afterwards is a context to clear up in: an interrupted run does it too.
func (p *prRepo) afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
}

// undo takes the push back when no pull request came of it.
func (p *prRepo) undo(ctx context.Context, plan *prPlan, same bool, cause error) error {
	if same {
		return cause
	}
	ctx, cancel := p.afterwards(ctx)
	defer cancel()
	if err := p.scratch.Push(ctx, p.branch, plan.tip(), p.oldTip); err != nil {
		return fmt.Errorf("%w; the branch %s stays on the remote: run cfgfix pr again to open its pull request", cause, p.branch)
	}
	return cause
}

// edit brings the texts of the pull request up to date, but for those that people changed.
func (p *prRepo) edit(ctx context.Context, plan *prPlan, request *forge.Request) (bool, error) {
	was, marked := readMarker(request.Body)
	if !marked {
		return false, nil
	}
	title, body, now := request.Title, withoutMarker(request.Body), was
	if was.title == textDigest(title) {
		title, now.title = plan.title, textDigest(plan.title)
	}
	if was.body == textDigest(body) {
		body = withoutMarker(plan.body)
		now.body = textDigest(body)
	}
	if title == request.Title && now == was {
		return false, nil
	}
	return true, p.server.Edit(ctx, p.remote.Path, request, title, withMarker(body, now))
}

// decorate adds labels and asks for reviews. What fails is told, and does not undo the rest.
func (p *prRepo) decorate(ctx context.Context, request *forge.Request) (changed bool) {
	missing := slices.DeleteFunc(slices.Clone(p.labels), func(l string) bool { return slices.Contains(request.Labels, l) })
	if len(missing) > 0 {
		if err := p.server.Label(ctx, p.remote.Path, request, missing); err != nil {
			p.fault(err)
		} else {
			changed = true
		}
	}
	if len(p.reviewers) > 0 {
		if err := p.server.Review(ctx, p.remote.Path, request, p.reviewers); err != nil {
			p.fault(err)
		}
	}
	return changed
}

func (p *prRepo) fault(err error) {
	p.out.faults = append(p.out.faults, err.Error()+" (the pull request is open: "+p.out.url+")")
}

// foretell says what would be done.
func (p *prRepo) foretell(plan *prPlan, request *forge.Request, same bool) prStatus {
	add := func(format string, args ...any) { p.out.details = append(p.out.details, fmt.Sprintf(format, args...)) }
	status := prWouldOpen
	switch {
	case request != nil && same:
		return prSame
	case request != nil:
		status = prWouldEdit
	}
	add("from %s to %s", p.branch, p.base)
	if p.server == nil {
		add("without a token it is not known whether a pull request is open already: set %s", p.access.TokenNames())
	}
	for _, c := range plan.commits {
		subject, _, _ := strings.Cut(c.message, "\n")
		add("commit: %s", subject)
	}
	add("title: %s", plan.title)
	for _, l := range p.labels {
		add("label: %s", l)
	}
	for _, who := range p.reviewers {
		add("reviewer: %s", who)
	}
	if p.draft {
		add("draft")
	}
	add("body:")
	for line := range strings.Lines(withoutMarker(plan.body)) {
		add("  %s", strings.TrimRight(line, "\n"))
	}
	return status
}

// patiently runs git again when the network or the server failed it for the moment.
func (p *prRepo) patiently(ctx context.Context, work func() error) error {
	for try := 1; ; try++ {
		err := work()
		var failed *git.Error
		if try == 3 || !errors.As(err, &failed) || !failed.Transient() {
			return err
		}
		if err := p.clock.Sleep(ctx, time.Second<<try); err != nil {
			return err
		}
	}
}

// localFailure says what to do about something that failed on this machine.
func localFailure(doing string, err error) error {
	next := "look at the space that is left for temporary files, or name another directory for them with TMPDIR"
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, git.ErrMissing), errors.Is(err, git.ErrOld):
		return err
	case strings.Contains(err.Error(), "failed to sign"), strings.Contains(err.Error(), "signing"):
		next = "make git commit -S work here, or set commit.gpgSign to false"
	}
	return fmt.Errorf("cannot %s: %w: %s", doing, err, next)
}

// gitFailure says what to do about a git command that failed.
func (p *prRepo) gitFailure(doing string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, git.ErrMissing) {
		return err
	}
	text := err.Error()
	has := func(signs ...string) bool {
		return slices.ContainsFunc(signs, func(s string) bool { return strings.Contains(text, s) })
	}
	next := "run cfgfix pr again when that is mended"
	switch {
	case has("stale info", "fetch first", "non-fast-forward", "changed on the remote"):
		next = "somebody pushed at the same time: run cfgfix pr again"
	case has("cannot lock ref"):
		next = "a branch of the remote stands in the way of " + p.branch + ": name another one with --branch"
	case has("hook declined", "protected branch", "GH006", "GH013"):
		next = "the server's rules refuse the branch: ask those who set them, or name another one with --branch"
	case has("error: 401", "Authentication failed", "could not read Username", "terminal prompts disabled", "Permission denied (publickey"):
		next = "set " + p.access.TokenNames() + " to a token that may write the repo's contents"
	case has("error: 403", "denied", "not allowed"):
		next = "the token may not write to this repo: ask for write access"
	case has("not found", "does not exist", "error: 404"):
		next = "check the remote's URL, and that the token may see the repo"
	case has("Could not resolve", "unable to access", "Connection", "timed out"):
		next = "check the network and the proxy, then run cfgfix pr again"
	}
	return fmt.Errorf("cannot %s the remote %s: %w: %s", doing, p.prRun.remote, err, next)
}
