package forge

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v87/github"
)

// gitHub is GitHub, or GitHub Enterprise.
type gitHub struct {
	client *github.Client
	tokens string // the names of the variables that hold its token
}

func newGitHub(at *Access, client *http.Client) (Forge, error) {
	opts := []github.ClientOptionsFunc{
		github.WithHTTPClient(client),
		github.WithAuthToken(at.Token), github.WithUserAgent(userAgent),
		github.WithDisableRateLimitCheck(), // the transport waits
	}
	if at.API != gitHubAPI {
		opts = append(opts, github.WithEnterpriseURLs(at.API, at.API))
	}
	api, err := github.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	return &gitHub{api, at.TokenNames()}, nil
}

func (g *gitHub) Find(ctx context.Context, repo, branch, base string) (*Request, error) {
	list, err := g.list(ctx, repo, branch, base)
	if err != nil {
		return nil, g.fail("look for a pull request", err)
	}
	var newest *github.PullRequest
	for _, p := range list {
		// A server that does not know a filter gives more than was asked for.
		if p.GetHead().GetRef() != branch || p.GetBase().GetRef() != base {
			continue
		}
		if newest == nil || p.GetState() == "open" || newest.GetState() != "open" && p.GetNumber() > newest.GetNumber() {
			newest = p
		}
	}
	if newest == nil {
		return nil, nil
	}
	return requestOf(newest), nil
}

// list are the pull requests from a branch of the repo to base. The server finds a repo by its old name too, but not the
// branches of its old owner.
func (g *gitHub) list(ctx context.Context, repo, branch, base string) ([]*github.PullRequest, error) {
	owner, name, _ := strings.Cut(repo, "/")
	options := &github.PullRequestListOptions{
		State: "all", Head: owner + ":" + branch, Base: base, ListOptions: github.ListOptions{PerPage: 100},
	}
	list, answer, err := g.client.PullRequests.List(ctx, owner, name, options)
	if err != nil || len(list) > 0 || strings.HasSuffix(answer.Request.URL.Path, "/repos/"+repo+"/pulls") {
		return list, err
	}
	moved, _, err := g.client.Repositories.Get(ctx, owner, name)
	if err != nil {
		return nil, err
	}
	options.Head = moved.GetOwner().GetLogin() + ":" + branch
	list, _, err = g.client.PullRequests.List(ctx, owner, name, options)
	return list, err
}

func requestOf(p *github.PullRequest) *Request {
	r := &Request{
		Number: p.GetNumber(), URL: p.GetHTMLURL(), State: Opened, Title: p.GetTitle(), Body: p.GetBody(),
		reviewers: len(p.RequestedReviewers) + len(p.RequestedTeams),
	}
	switch {
	case p.MergedAt != nil || p.GetMerged():
		r.State = Merged
	case p.GetState() == "closed":
		r.State = Closed
	}
	for _, l := range p.Labels {
		r.Labels = append(r.Labels, l.GetName())
	}
	return r
}

func (g *gitHub) Open(ctx context.Context, repo string, w Wanted) (*Request, error) {
	owner, name, _ := strings.Cut(repo, "/")
	p, _, err := g.client.PullRequests.Create(ctx, owner, name, &github.NewPullRequest{
		Title: &w.Title, Body: &w.Body, Head: &w.Branch, Base: &w.Base, Draft: &w.Draft,
	})
	if err != nil {
		return nil, g.fail("open a pull request", err)
	}
	r := requestOf(p)
	r.fresh = true
	return r, nil
}

func (g *gitHub) Edit(ctx context.Context, repo string, r *Request, title, body string) error {
	owner, name, _ := strings.Cut(repo, "/")
	_, _, err := g.client.PullRequests.Edit(ctx, owner, name, r.Number, &github.PullRequest{Title: &title, Body: &body})
	return g.fail("edit the pull request", err)
}

func (g *gitHub) Label(ctx context.Context, repo string, r *Request, labels []string) error {
	owner, name, _ := strings.Cut(repo, "/")
	_, _, err := g.client.Issues.AddLabelsToIssue(ctx, owner, name, r.Number, labels)
	return g.fail("label the pull request", err)
}

func (g *gitHub) Review(ctx context.Context, repo string, r *Request, reviewers []string) error {
	owner, name, _ := strings.Cut(repo, "/")
	if r.reviewers > 0 {
		return nil
	}
	if !r.fresh { // somebody who has reviewed is no longer asked
		done, _, err := g.client.PullRequests.ListReviews(ctx, owner, name, r.Number, &github.ListOptions{PerPage: 1})
		if err != nil || len(done) > 0 {
			return g.fail("look for reviews", err)
		}
	}
	var asked github.ReviewersRequest
	for _, who := range reviewers {
		if _, team, ok := strings.Cut(who, "/"); ok {
			asked.TeamReviewers = append(asked.TeamReviewers, team)
		} else {
			asked.Reviewers = append(asked.Reviewers, who)
		}
	}
	_, _, err := g.client.PullRequests.RequestReviewers(ctx, owner, name, r.Number, asked)
	return g.fail("request reviews", err)
}

// fail puts an error of the API in words. It is nil for nil.
func (g *gitHub) fail(doing string, err error) error {
	var limit *LimitError
	var refused *github.ErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limit):
		return limit
	case !errors.As(err, &refused):
		return &Unreachable{doing, err}
	}
	if refused.Response.StatusCode == http.StatusUnprocessableEntity && slices.ContainsFunc(refused.Errors, isExists) {
		return ErrExists
	}
	text := refused.Message
	for _, e := range refused.Errors {
		if e.Message != "" {
			text += ": " + e.Message
		}
	}
	status := refused.Response.StatusCode
	return &Error{Doing: doing, Status: status, Text: text, Hint: hint(status, g.tokens)}
}

func isExists(e github.Error) bool { return strings.Contains(e.Message, "already exists") }
