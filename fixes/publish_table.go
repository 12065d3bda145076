package fixes

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data/publish.json
var publishJSON []byte

// publishTable is what is known of publishing without a stored token.
type publishTable struct {
	SettingsTools []string // programs that do without the files that hold a token
	NPM           struct {
		Host                         string
		Variables                    []string       // that hold a token
		Least, LeastStage, LeastNode string         // releases that trusted publishing takes
		Node, NodeStage              []releaseRange // of Node.js that bring such an npm
		NewestNode                   string
		Images                       []string            // with Node.js, whose release is their tag
		Orb                          string              // that installs it
		OrbExecutor, OrbImage        string              // its executor, and the image which that runs, with the release as an argument
		Installs                     []string            // subcommands that may need a token as well: to install, or to look a package up
		Releasers                    []string            // programs that publish packages by themselves
		Others                       map[string][]string // subcommands by program that need a token, and do not publish
	}
	PyPI struct {
		Hosts, Repositories []string // of PyPI, by address and by name
		Variables           []string // from which twine reads a login
		Least, LeastPython  string
		Images              []string            // with Python, whose release is their tag
		Releasers           map[string][]string // programs that publish with twine's login, or by its settings, with their arguments
	}
}

var publishTables = sync.OnceValue(func() *publishTable {
	return embedded[publishTable]("publish.json", publishJSON)
})

// toolVersion is the release in a tag or a parameter, such as 24.15.0-browsers. Of one that leaves parts open it is the
// newest. It is "" for what names none.
func toolVersion(tag, newest string) release {
	tag, _, _ = strings.Cut(tag, "-")
	if tag == "lts" || tag == "current" || tag == "latest" || tag == "" {
		tag = newest
	}
	return newestOf(tag)
}
