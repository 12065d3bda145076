package fakeforge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"message": message})
}

// call is what both APIs ask for.
type call struct {
	Title, Body   *string
	Head, Base    string
	Draft         *bool
	State         *string
	Labels        []string
	Reviewers     []string
	TeamReviewers []string `json:"team_reviewers"`

	SourceBranch string `json:"source_branch"`
	TargetBranch string `json:"target_branch"`
	Description  *string
	AddLabels    string `json:"add_labels"`
	ReviewerIDs  []int  `json:"reviewer_ids"`
}

// set changes a text that a call gives.
func set(to, given *string) {
	if given != nil {
		*to = *given
	}
}

// text is what a call gives, "" for nothing.
func text(given *string) (value string) {
	set(&value, given)
	return value
}

// union is a with what b has more.
func union(a, b []string) []string {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}

// decode reads a body: an object, or a list of labels.
func decode(r *http.Request) (c call) {
	data, _ := io.ReadAll(r.Body)
	if json.Unmarshal(data, &c.Labels) != nil {
		_ = json.Unmarshal(data, &c)
	}
	return c
}

// hasBranch reports whether a repo has a branch.
func (s *Server) hasBranch(repo, branch string) bool {
	_, err := os.Stat(s.Bare(repo) + "/refs/heads/" + branch)
	return err == nil
}

// add makes a pull request; nil when one is open already.
func (s *Server) add(repo string, r Request) *Request {
	for _, old := range s.Requests[repo] {
		if old.Head == r.Head && old.Base == r.Base && old.State == "open" {
			return nil
		}
	}
	r.Number, r.State = len(s.Requests[repo])+1, "open"
	s.Requests[repo] = append(s.Requests[repo], &r)
	return &r
}

func (s *Server) find(repo, number string) *Request {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.Requests[repo]) {
		return nil
	}
	return s.Requests[repo][n-1]
}

// gitHub answers /api/v3/user, /api/v3/orgs/OWNER/repos and /api/v3/repos/OWNER/NAME/...
func (s *Server) gitHub(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v3/")
	if path == "user" {
		answer(w, http.StatusOK, map[string]any{"login": "octocat"})
		return
	}
	kind, path, _ := strings.Cut(path, "/")
	parts := strings.Split(path, "/")
	if kind == "orgs" && len(parts) == 2 && parts[1] == "repos" {
		answer(w, http.StatusOK, s.gitHubRepos(parts[0], r.URL.Query()))
		return
	}
	if kind != "repos" || len(parts) < 2 {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	repo := parts[0] + "/" + parts[1]
	if _, err := os.Stat(s.Bare(repo)); err != nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	switch len(parts) {
	case 2:
		answer(w, http.StatusOK, s.gitHubRepo(repo))
	case 3:
		s.gitHubList(w, r, repo, r.Method+" "+parts[2])
	default:
		what := r.Method + " " + strings.Join(append(parts[2:3:3], parts[4:]...), "/")
		s.gitHubRequest(w, r, repo, parts[3], what)
	}
}

// gitHubRepos is a page of the repos of an owner.
func (s *Server) gitHubRepos(owner string, query url.Values) []any {
	page, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("per_page"))
	if size == 0 {
		size = 30
	}
	names, _ := filepath.Glob(filepath.Join(s.Dir, owner, "*.git"))
	list := []any{}
	for _, name := range names[min(len(names), max(page-1, 0)*size):min(len(names), max(page, 1)*size)] {
		list = append(list, s.gitHubRepo(owner+"/"+strings.TrimSuffix(filepath.Base(name), ".git")))
	}
	return list
}

func (s *Server) gitHubRepo(repo string) map[string]any {
	owner, name, _ := strings.Cut(repo, "/")
	return map[string]any{
		"name": name, "full_name": repo, "owner": map[string]any{"login": owner}, "default_branch": "main",
		"html_url": s.URL + "/" + repo, "clone_url": s.URL + "/" + repo + ".git",
		"archived": false, "disabled": false, "fork": false, "created_at": "2026-01-02T03:04:05Z",
		"permissions": map[string]any{"pull": true, "push": true, "admin": true},
	}
}

// gitHubRequest answers what is about one pull request.
func (s *Server) gitHubRequest(w http.ResponseWriter, r *http.Request, repo, number, what string) {
	pr := s.find(repo, number)
	if pr == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	switch c := decode(r); what {
	case "PATCH pulls":
		set(&pr.Title, c.Title)
		set(&pr.Body, c.Body)
		set(&pr.State, c.State)
		answer(w, http.StatusOK, s.gitHubForm(repo, pr))
	case "POST issues/labels":
		pr.Labels = union(pr.Labels, c.Labels)
		answer(w, http.StatusOK, []any{})
	case "PUT issues/labels":
		pr.Labels = c.Labels
		answer(w, http.StatusOK, []any{})
	case "POST pulls/requested_reviewers":
		pr.Reviewers = union(pr.Reviewers, append(c.Reviewers, c.TeamReviewers...))
		answer(w, http.StatusCreated, s.gitHubForm(repo, pr))
	case "GET pulls/reviews":
		answer(w, http.StatusOK, make([]struct{}, s.Reviews))
	default:
		refuse(w, http.StatusNotFound, "Not Found: "+what)
	}
}

func (s *Server) gitHubList(w http.ResponseWriter, r *http.Request, repo, what string) {
	owner, _, _ := strings.Cut(repo, "/")
	switch what {
	case "GET pulls":
		answer(w, http.StatusOK, s.gitHubPulls(repo, r.URL.Query()))
	case "POST pulls":
		c := decode(r)
		c.Head = strings.TrimPrefix(c.Head, owner+":")
		if !s.hasBranch(repo, c.Head) || !s.hasBranch(repo, c.Base) {
			refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
			return
		}
		pr := s.add(repo, Request{Head: c.Head, Base: c.Base, Title: text(c.Title), Body: text(c.Body), Draft: c.Draft != nil && *c.Draft})
		if pr == nil {
			answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "Validation Failed", "errors": []any{
				map[string]any{"code": "custom", "message": "A pull request already exists for " + owner + ":" + c.Head + "."},
			}})
			return
		}
		answer(w, http.StatusCreated, s.gitHubForm(repo, pr))
	default:
		refuse(w, http.StatusNotFound, "Not Found: "+what)
	}
}

// gitHubPulls are the pull requests that a query asks for, the newest first: open ones where it does not say.
func (s *Server) gitHubPulls(repo string, query url.Values) []any {
	list := []any{}
	for _, pr := range s.Requests[repo] {
		state, base := query.Get("state"), query.Get("base")
		head, owner := query.Get("head"), strings.Split(repo, "/")[0]
		if (state == "all" || pr.State == cmp.Or(state, "open")) && (head == "" || head == owner+":"+pr.Head) && (base == "" || pr.Base == base) {
			list = append([]any{s.gitHubForm(repo, pr)}, list...)
		}
	}
	return list
}

func (s *Server) gitHubForm(repo string, pr *Request) map[string]any {
	owner, _, _ := strings.Cut(repo, "/")
	end := func(ref string) map[string]any {
		return map[string]any{"ref": ref, "label": owner + ":" + ref, "user": map[string]any{"login": owner}, "repo": s.gitHubRepo(repo)}
	}
	form := map[string]any{
		"number": pr.Number, "html_url": fmt.Sprintf("%s/%s/pull/%d", s.URL, repo, pr.Number), "state": pr.State,
		"title": pr.Title, "body": pr.Body, "draft": pr.Draft,
		"head": end(pr.Head), "base": end(pr.Base),
	}
	if pr.Merged {
		form["merged_at"] = "2026-01-02T03:04:05Z"
	}
	labels, reviewers := []any{}, []any{}
	for _, l := range pr.Labels {
		labels = append(labels, map[string]any{"name": l})
	}
	for _, who := range pr.Reviewers {
		reviewers = append(reviewers, map[string]any{"login": who})
	}
	form["labels"], form["requested_reviewers"] = labels, reviewers
	return form
}

// gitLab answers /api/v4/projects/PATH/merge_requests and /api/v4/users.
func (s *Server) gitLab(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/")
	if path == "users" {
		if name := r.URL.Query().Get("username"); name != "nobody" {
			answer(w, http.StatusOK, []any{map[string]any{"id": len(name), "username": name}})
			return
		}
		answer(w, http.StatusOK, []any{})
		return
	}
	parts := strings.Split(path, "/")
	if len(parts) < 3 || parts[0] != "projects" || parts[2] != "merge_requests" {
		refuse(w, http.StatusNotFound, "404 Not Found")
		return
	}
	repo, _ := url.PathUnescape(parts[1])
	if _, err := os.Stat(s.Bare(repo)); err != nil {
		refuse(w, http.StatusNotFound, "404 Project Not Found")
		return
	}
	number := ""
	if len(parts) == 4 {
		number = parts[3]
	}
	s.mergeRequest(w, r, repo, number)
}

func (s *Server) mergeRequest(w http.ResponseWriter, r *http.Request, repo, number string) {
	c := decode(r)
	pr := s.find(repo, number)
	switch {
	case r.Method == http.MethodGet && number == "":
		list := []any{}
		for _, pr := range s.Requests[repo] {
			if pr.Head == r.URL.Query().Get("source_branch") && pr.Base == r.URL.Query().Get("target_branch") {
				list = append([]any{s.gitLabForm(repo, pr)}, list...)
			}
		}
		answer(w, http.StatusOK, list)
	case r.Method == http.MethodPost && number == "":
		if !s.hasBranch(repo, c.SourceBranch) {
			refuse(w, http.StatusBadRequest, "source branch does not exist")
			return
		}
		title, draft := strings.CutPrefix(text(c.Title), "Draft: ")
		pr := s.add(repo, Request{Head: c.SourceBranch, Base: c.TargetBranch, Title: title, Body: text(c.Description), Draft: draft})
		if pr == nil {
			answer(w, http.StatusConflict, map[string]any{"message": []string{"Another open merge request already exists"}})
			return
		}
		answer(w, http.StatusCreated, s.gitLabForm(repo, pr))
	case r.Method == http.MethodPut && pr != nil:
		if c.Title != nil {
			pr.Title, pr.Draft = strings.CutPrefix(*c.Title, "Draft: ")
		}
		set(&pr.Body, c.Description)
		if c.AddLabels != "" {
			pr.Labels = union(pr.Labels, strings.Split(c.AddLabels, ","))
		}
		for _, id := range c.ReviewerIDs {
			pr.Reviewers = append(pr.Reviewers, strconv.Itoa(id))
		}
		answer(w, http.StatusOK, s.gitLabForm(repo, pr))
	default:
		refuse(w, http.StatusNotFound, "404 Not Found")
	}
}

func (s *Server) gitLabForm(repo string, pr *Request) map[string]any {
	state, title, reviewers := "opened", pr.Title, []any{}
	switch {
	case pr.Merged:
		state = "merged"
	case pr.State == "closed":
		state = "closed"
	}
	if pr.Draft {
		title = "Draft: " + title
	}
	for _, who := range pr.Reviewers {
		reviewers = append(reviewers, map[string]any{"username": who})
	}
	return map[string]any{
		"iid": pr.Number, "web_url": fmt.Sprintf("%s/%s/-/merge_requests/%d", s.URL, repo, pr.Number), "state": state,
		"title": title, "description": pr.Body, "draft": pr.Draft, "labels": pr.Labels, "reviewers": reviewers,
	}
}
