package fixes

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
)

// anyOf are triggers that no fact changes.
func anyOf(words ...string) func(*Facts) []string {
	return func(*Facts) []string { return words }
}

// Every form of the AWS rules names AWS, a service of it, or a tool that calls it.
func awsTriggers(*Facts) []string { return awsWords() }

var awsWords = sync.OnceValue(func() []string {
	return slices.AppendSeq([]string{"aws", "s3cmd", "access_key", "akia", "asia"}, maps.Keys(awsTools))
})

// networkTriggers are the parts that all internal addresses and names have, those that make a name look internal, and
// the names of what opens tunnels.
func networkTriggers(f *Facts) []string {
	if len(f.Network.Internal) > 0 || len(f.Network.Routes) > 0 {
		return nil // globs, of which little need stand in the file
	}
	return networkWords()
}

var networkWords = sync.OnceValue(func() []string {
	t := networkData()
	words := slices.Concat(t.Orbs.Names, t.Weak.Names, t.Weak.Insecure, []string{"ssh", "::", "[f"}) // the last two are of IPv6
	for _, s := range t.Weak.Services {
		words = append(words, s+".")
	}
	for _, n := range t.Internal.Names {
		words = append(words, n[1:]) // without the star
	}
	for _, p := range t.Internal.Ranges {
		if first := p.Addr(); first.Is4() {
			number, _, _ := strings.Cut(first.String(), ".")
			words = append(words, number+".")
		}
	}
	for _, x := range t.Tunnels {
		words = append(words, x.Names...)
	}
	return words
})

// triggered are the rules that can find something in a source. Words are looked for in any letter case; a source that
// may spell them by escapes triggers all.
func (e *Engine) triggered(src []byte, facts *Facts) []*Rule {
	if e.untriggered || slices.ContainsFunc([]string{`\x`, `\u`, `\U`}, func(escape string) bool { return bytes.Contains(src, []byte(escape)) }) {
		return e.Rules
	}
	met := triggerWords().rulesIn(src)
	return slices.DeleteFunc(slices.Clone(e.Rules), func(r *Rule) bool {
		return r.Triggers != nil && len(r.Triggers(facts)) > 0 && !met[r]
	})
}

// triggerIndex finds the words of all rules in one pass. It has them by their first two bytes, in each letter case.
type triggerIndex struct {
	starts [1 << 16 / 64]uint64
	words  map[[2]byte][]triggerWord
	rules  int
}

type triggerWord struct {
	text []byte
	rule *Rule
}

var triggerWords = sync.OnceValue(func() *triggerIndex {
	x := &triggerIndex{words: map[[2]byte][]triggerWord{}}
	for _, r := range All() {
		if r.Triggers == nil {
			continue
		}
		x.rules++
		for _, w := range r.Triggers(&Facts{}) {
			x.words[[2]byte{w[0], w[1]}] = append(x.words[[2]byte{w[0], w[1]}], triggerWord{[]byte(w), r})
			for _, a := range [2]byte{w[0], upper(w[0])} {
				for _, b := range [2]byte{w[1], upper(w[1])} {
					i := int(a)<<8 | int(b)
					x.starts[i>>6] |= 1 << (i & 63)
				}
			}
		}
	}
	return x
})

// rulesIn are the rules that a source has a word of.
func (x *triggerIndex) rulesIn(src []byte) map[*Rule]bool {
	met := map[*Rule]bool{}
	for p := 0; p+1 < len(src) && len(met) < x.rules; p++ {
		if i := int(src[p])<<8 | int(src[p+1]); x.starts[i>>6]&(1<<(i&63)) == 0 {
			continue
		}
		for _, w := range x.words[[2]byte{lower(src[p]), lower(src[p+1])}] {
			if end := p + len(w.text); end <= len(src) && !met[w.rule] && bytes.EqualFold(src[p:end], w.text) {
				met[w.rule] = true
			}
		}
	}
	return met
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - ('a' - 'A')
	}
	return b
}
