package fixes

import (
	"strings"

	"golang.org/x/mod/semver"
)

// release is a version of a program or an orb, as golang.org/x/mod/semver writes it: v1.2.3. It is "" for one that is
// not known.
type release string

// releaseOf is the release that a text names; what the text leaves open is 0.
func releaseOf(text string) release {
	return release(semver.Canonical("v" + strings.TrimPrefix(text, "v")))
}

// last stands for the newest minor version or patch: it is behind all that the tables tell apart.
const last = ".999"

// newestOf is the newest release that a text may mean, which leaves parts open as 3.1 does.
func newestOf(text string) release {
	r := releaseOf(text)
	switch {
	case r == "":
		return ""
	case strings.Count(text, ".") == 0:
		return release(semver.Major(string(r)) + last + last)
	case strings.Count(text, ".") == 1:
		return release(semver.MajorMinor(string(r)) + last)
	}
	return r
}

func (r release) before(other release) bool { return semver.Compare(string(r), string(other)) < 0 }

// sameMajor reports whether one of two releases takes what is written for the other, as semver has it.
func (r release) sameMajor(other release) bool {
	return semver.Major(string(r)) == semver.Major(string(other))
}

// preview reports whether a release comes before the one with its number, as 1.2.3-rc.1 does.
func (r release) preview() bool { return semver.Prerelease(string(r)) != "" }

// releaseRange holds the releases from one on and before another; "" where it has no such end.
type releaseRange struct {
	From, Below string
}

func (x releaseRange) holds(r release) bool {
	return r != "" && (x.From == "" || !r.before(releaseOf(x.From))) && (x.Below == "" || r.before(releaseOf(x.Below)))
}
