package forge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Clock tells and passes the time.
type Clock struct {
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// SystemClock is the clock of this machine.
func SystemClock() Clock {
	return Clock{time.Now, func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

// Patience is how requests are repeated.
type Patience struct {
	Tries int           // of one request; at least 1
	Wait  time.Duration // the longest wait for a rate limit to end
	Clock Clock
	Note  func(format string, args ...any) // tells people of long waits
}

// LimitError says that a server's rate limit ends later than we are ready to wait for.
type LimitError struct{ Until time.Time }

func (e *LimitError) Error() string {
	return fmt.Sprintf("the server's rate limit is used up until %s: run cfgfix pr again then, or wait for it with --wait",
		e.Until.Format("15:04:05 MST"))
}

// retrier repeats requests that a server was not ready for.
type retrier struct {
	Patience
	next http.RoundTripper
}

// RoundTrip sends a request until it is answered. One that changes something is not repeated after a connection broke:
// it may have arrived. After an answer of 5xx it is: what is made here is there once, and a second try finds it.
func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		if try > 1 && req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
		resp, err := r.next.RoundTrip(req)
		pause, again, limit := r.verdict(req, resp, err, try)
		if limit != nil {
			discard(resp)
			return nil, limit
		}
		if !again {
			return resp, err
		}
		discard(resp)
		if err := r.Clock.Sleep(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

func discard(resp *http.Response) {
	if resp != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
		_ = resp.Body.Close()
	}
}

// verdict says whether to send the request again, and when.
func (r *retrier) verdict(req *http.Request, resp *http.Response, err error, try int) (time.Duration, bool, error) {
	backoff := time.Second<<(try-1) + time.Duration(rand.Int64N(int64(time.Second)/2))
	last := try >= r.Tries || req.Context().Err() != nil
	if err != nil {
		return backoff, !last && req.Method == http.MethodGet, nil
	}
	if until, limited := r.limit(resp); limited {
		pause := max(until.Sub(r.Clock.Now()), 0) + time.Second
		if last || pause > r.Wait {
			return 0, false, &LimitError{until}
		}
		r.Note("the server's rate limit is used up: waiting until %s", until.Format("15:04:05 MST"))
		return pause, true, nil
	}
	return backoff, !last && resp.StatusCode >= 500, nil
}

// limit is when a rate limit ends. A 403 is one only when it says so: GitHub has no other status for some of its limits.
func (r *retrier) limit(resp *http.Response) (until time.Time, limited bool) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusForbidden {
		return until, false
	}
	now := r.Clock.Now()
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-"} { // GitHub's, GitLab's
		reset, err := strconv.ParseInt(resp.Header.Get(prefix+"Reset"), 10, 64)
		if err == nil && resp.Header.Get(prefix+"Remaining") == "0" {
			return time.Unix(reset, 0), true
		}
	}
	return now.Add(time.Minute), resp.StatusCode == http.StatusTooManyRequests || saysLimit(resp)
}

// saysLimit reports whether an answer speaks of a rate limit without a header that does. What it reads is put back.
func saysLimit(resp *http.Response) bool {
	head, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	resp.Body = readCloser{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	return err == nil && bytes.Contains(bytes.ToLower(head), []byte("rate limit"))
}

type readCloser struct {
	io.Reader
	io.Closer
}
