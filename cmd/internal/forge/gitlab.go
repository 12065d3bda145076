package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// gitLab is GitLab, on gitlab.com or elsewhere. Five calls are all that is needed of its API; the client module would
// bring two dozen others.
type gitLab struct {
	client *http.Client
	access *Access
}

// mergeRequest is what the API calls a pull request.
type mergeRequest struct {
	IID         int      `json:"iid"`
	WebURL      string   `json:"web_url"`
	State       string   `json:"state"` // opened, closed, locked or merged
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Draft       bool     `json:"draft"`
	Labels      []string `json:"labels"`
	Reviewers   []any    `json:"reviewers"`
}

const draftMark = "Draft: "

func (m *mergeRequest) request() *Request {
	r := &Request{
		Number: m.IID, URL: m.WebURL, State: Opened, Title: strings.TrimPrefix(m.Title, draftMark), Body: m.Description,
		Labels: m.Labels, reviewers: len(m.Reviewers), draft: m.Draft,
	}
	switch m.State {
	case "merged":
		r.State = Merged
	case "closed":
		r.State = Closed
	}
	return r
}

func (g *gitLab) Find(ctx context.Context, repo, branch, base string) (*Request, error) {
	query := url.Values{
		"source_branch": {branch}, "target_branch": {base}, "state": {"all"},
		"order_by": {"created_at"}, "sort": {"desc"}, "per_page": {"100"},
	}
	var list []mergeRequest
	if err := g.call(ctx, "look for a merge request", http.MethodGet, requests(repo)+"?"+query.Encode(), nil, &list); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, nil
	}
	open := slices.IndexFunc(list, func(m mergeRequest) bool { return m.State == "opened" || m.State == "locked" })
	return list[max(open, 0)].request(), nil
}

func requests(repo string) string { return "projects/" + url.PathEscape(repo) + "/merge_requests" }

func (g *gitLab) Open(ctx context.Context, repo string, w Wanted) (*Request, error) {
	title := w.Title
	if w.Draft {
		title = draftMark + title
	}
	var m mergeRequest
	err := g.call(ctx, "open a merge request", http.MethodPost, requests(repo), map[string]any{
		"source_branch": w.Branch, "target_branch": w.Base, "title": title, "description": w.Body,
		"remove_source_branch": true,
	}, &m)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		return nil, ErrExists
	}
	if err != nil {
		return nil, err
	}
	r := m.request()
	r.fresh = true
	return r, nil
}

func (g *gitLab) Edit(ctx context.Context, repo string, r *Request, title, body string) error {
	if r.draft {
		title = draftMark + title
	}
	return g.update(ctx, "edit the merge request", repo, r, map[string]any{"title": title, "description": body})
}

func (g *gitLab) Label(ctx context.Context, repo string, r *Request, labels []string) error {
	return g.update(ctx, "label the merge request", repo, r, map[string]any{"add_labels": strings.Join(labels, ",")})
}

func (g *gitLab) Review(ctx context.Context, repo string, r *Request, reviewers []string) error {
	if r.reviewers > 0 {
		return nil
	}
	var ids []int
	for _, name := range reviewers {
		var users []struct {
			ID int `json:"id"`
		}
		query := url.Values{"username": {name}}
		if err := g.call(ctx, "find reviewer "+name, http.MethodGet, "users?"+query.Encode(), nil, &users); err != nil {
			return err
		}
		if len(users) == 0 {
			return &Error{Doing: "request reviews", Status: http.StatusNotFound, Text: "there is no user " + name}
		}
		ids = append(ids, users[0].ID)
	}
	return g.update(ctx, "request reviews", repo, r, map[string]any{"reviewer_ids": ids})
}

func (g *gitLab) update(ctx context.Context, doing, repo string, r *Request, fields map[string]any) error {
	return g.call(ctx, doing, http.MethodPut, fmt.Sprintf("%s/%d", requests(repo), r.Number), fields, &mergeRequest{})
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// call sends one request and decodes the answer.
func (g *gitLab) call(ctx context.Context, doing, method, path string, in map[string]any, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(g.access.API, "/")+"/"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.access.Token)
	req.Header.Set("User-Agent", userAgent)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := g.client.Do(req)
	if limit := (*LimitError)(nil); errors.As(err, &limit) {
		return limit
	} else if err != nil {
		return &Unreachable{doing, err}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &Unreachable{doing, err}
	}
	if resp.StatusCode/100 != 2 {
		return &Error{Doing: doing, Status: resp.StatusCode, Text: gitLabText(data), Hint: hint(resp.StatusCode, g.access.TokenNames())}
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("cannot %s: the answer of the server cannot be understood: is %s its API?", doing, g.access.API)
	}
	return nil
}

// gitLabText is the message of an answer, which is a text, a list or a map of lists.
func gitLabText(data []byte) string {
	var answer struct {
		Message json.RawMessage `json:"message"`
		Error   string          `json:"error"`
	}
	if json.Unmarshal(data, &answer) != nil {
		return ""
	}
	if text := strings.Trim(string(answer.Message), `"[]{}`); text != "" {
		return strings.ReplaceAll(text, `"`, "")
	}
	return answer.Error
}
