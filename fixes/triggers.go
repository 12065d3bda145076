package fixes

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
)

// anyOf are triggers that no fact changes.
func anyOf(texts ...string) func(*Facts) []word {
	return func(*Facts) []word { return wordsOf(inWord, texts...) }
}

// Every form of the AWS rules names AWS, a service of it, or a tool that calls it.
func awsTriggers(*Facts) []word { return awsWords() }

var awsWords = sync.OnceValue(func() []word {
	return slices.Concat(wordsOf(inWord, "aws", "access_key", "akia", "asia"), wordsOf(asCommand, slices.Collect(maps.Keys(awsTools))...), wordsOf(asCommand, "s3cmd"))
})

var awsIndex = sync.OnceValue(func() *wordIndex { return newWordIndex(awsWords()) })

func azureTriggers(*Facts) []word {
	return append(wordsOf(inWord, "azure", "arm_", "aad_"), wordsOf(asCommand, "az")...)
}

// networkTriggers are the parts that all internal addresses and names have, those that make a name look internal, and
// the names of what opens tunnels.
func networkTriggers(f *Facts) []word {
	if len(f.Network.Internal) > 0 || len(f.Network.Routes) > 0 {
		return nil // globs, of which little need stand in the file
	}
	return networkWords()
}

// networkIndex has the endpoints as well: they are signs beside others only, which are often in other scripts.
var networkIndex = sync.OnceValue(func() *wordIndex {
	list := slices.Clone(networkWords())
	for _, glob := range networkData().Weak.Endpoints {
		list = append(list, word{glob[strings.LastIndexByte(glob, '*')+1:], ownWord})
	}
	return newWordIndex(list)
})

var networkWords = sync.OnceValue(func() []word {
	t := networkData()
	out := slices.Concat(wordsOf(inWord, t.Orbs.Names...), wordsOf(inWord, t.Weak.Insecure...), wordsOf(inWord, "::", "[f"), // of IPv6
		wordsOf(ownWord, t.Weak.Names...), wordsOf(ownWord, t.Services...), wordsOf(asCommand, "ssh"))
	for _, s := range t.Weak.Services {
		out = append(out, word{s + ".", ownWord})
	}
	for _, n := range t.Internal.Names {
		out = append(out, word{n[1:], ownWord}) // without the star
	}
	for _, p := range t.Internal.Ranges {
		if first := p.Addr(); first.Is4() {
			number, _, _ := strings.Cut(first.String(), ".")
			out = append(out, word{number + ".", ownWord})
		}
	}
	for _, x := range t.Tunnels {
		out = append(out, wordsOf(asCommand, x.Names...)...)
	}
	return out
})

// triggered are the rules that can find something in a source. Words are looked for in any letter case; a source that
// may spell them by escapes triggers all.
func (e *Engine) triggered(src []byte, facts *Facts) []*Rule {
	if e.untriggered || slices.ContainsFunc([]string{`\x`, `\u`, `\U`}, func(escape string) bool { return bytes.Contains(src, []byte(escape)) }) {
		return e.Rules
	}
	t := ruleTriggers()
	met := wordsIn(t.index, src)
	return slices.DeleteFunc(slices.Clone(e.Rules), func(r *Rule) bool {
		owner, known := t.owners[r]
		return known && !met.has(owner) && len(r.Triggers(facts)) > 0
	})
}

// mayHold reports whether a part of the file, such as a script, may have what a rule looks for. Most have not, and need not
// be read any closer.
func (p *Pass) mayHold(x *wordIndex, text string) bool { return p.untriggered || x.in(text) }

// triggerTable has the words of all rules that name some.
type triggerTable struct {
	index  *wordIndex
	owners map[*Rule]int
}

var ruleTriggers = sync.OnceValue(func() *triggerTable {
	owners := map[*Rule]int{}
	var lists [][]word
	for _, r := range All() {
		if r.Triggers != nil {
			owners[r] = len(lists)
			lists = append(lists, r.Triggers(&Facts{}))
		}
	}
	return &triggerTable{newWordIndex(lists...), owners}
})
