package fixes

// identities are those that a file acts as at one cloud: stored credentials, by what tells whose they are and by where they
// are stored, and what it logs in as with CircleCI's token. A fact that names one identity serves a file with one only. Since
// a fix turns the former into the latter, both count: what the first round must not write, neither a later one nor a second
// run may.
type identities map[string]bool

// stored adds credentials that a unit uses, once for each place where it may have them from.
func (s identities) stored(whose string, u *unit) {
	for _, contexts := range orOne(u.entries, u.contexts) {
		s["stored "+whose+"\x00"+setOf(contexts)] = true
	}
}

// loggedIn adds a login with CircleCI's token as somebody, but for whom the fact names: that is the one it would add.
func (s identities) loggedIn(as, given string) {
	if as != given || given == "" {
		s["login "+as] = true
	}
}

// single reports whether there is one identity only.
func (s identities) single() bool { return len(s) < 2 }
