// Package forge opens and updates pull requests on GitHub and merge requests on GitLab.
package forge

import (
	"context"
	"errors"
	"fmt"
)

// Forge is a server with repos and pull requests. Repos are named owner/name.
type Forge interface {
	// Find is the newest pull request that was ever opened from a branch of the repo to base; nil for none.
	Find(ctx context.Context, repo, branch, base string) (*Request, error)
	// Open makes a pull request. When one is open already the error is ErrExists.
	Open(ctx context.Context, repo string, w Wanted) (*Request, error)
	// Edit gives a pull request a title and a body.
	Edit(ctx context.Context, repo string, r *Request, title, body string) error
	// Label adds labels to those that a pull request has.
	Label(ctx context.Context, repo string, r *Request, labels []string) error
	// Review asks people, or teams as ORG/TEAM, for a review, unless somebody was asked or has reviewed already.
	Review(ctx context.Context, repo string, r *Request, reviewers []string) error
}

// State is what became of a pull request.
type State string

// The states of pull requests.
const (
	Opened State = "open"
	Closed State = "closed" // and not merged
	Merged State = "merged"
)

// Request is a pull request.
type Request struct {
	Number    int
	URL       string
	State     State
	Title     string
	Body      string
	Labels    []string
	reviewers int  // how many were asked
	fresh     bool // Open made it: nobody can have reviewed it
	draft     bool
}

// Wanted is a pull request to be made.
type Wanted struct {
	Branch string
	Base   string
	Title  string
	Body   string
	Draft  bool
}

// ErrExists says that there is an open pull request for the branch already.
var ErrExists = errors.New("there is an open pull request for this branch already")

// Error is what a server refused, in words that say what to do.
type Error struct {
	Doing  string // such as "open a pull request"
	Status int    // of HTTP
	Text   string // the server's message; may be empty
	Hint   string // what to do next; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("cannot %s: %d", e.Doing, e.Status)
	if e.Text != "" {
		s += " " + e.Text
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// hint is what to do about a status.
func hint(status int, tokenNames string) string {
	switch {
	case status == 401:
		return "the token is not valid, or has run out: set " + tokenNames
	case status == 403:
		return "the token may not do this: give it write access to the repo's contents and pull requests"
	case status == 404:
		return "the repo is not there, or the token may not see it: check the remote and the token's access"
	case status >= 500:
		return "the server has a fault of its own: run cfgfix pr again later"
	case status == 405:
		return "the repo may have moved: set the remote's URL to its new place"
	default:
		return "mend what the server says, then run cfgfix pr again"
	}
}
