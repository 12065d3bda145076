package fixes

import (
	"slices"
	"strings"
	"unicode"

	"cfgfix/fixes/internal/shell"
)

// scanLogin looks at the commands that are known to take a secret: a password need not look random there.
func (x *scriptScan) scanLogin(c *shell.Call) {
	for _, l := range x.view.table.logins[c.Name()] {
		if !l.calledBy(c) || l.local(c) {
			continue
		}
		for _, w := range l.secrets(c) {
			value := w.Value
			if l.Pair != "" {
				user, password, ok := strings.Cut(value, l.Pair)
				if value = password; !ok {
					continue
				}
				if password == "" {
					value = user
				}
			}
			x.scanPassword(c, l, w, value)
		}
	}
}

// calledBy reports whether a call of one of the programs is one of the command.
func (l *loginCommand) calledBy(c *shell.Call) bool {
	return c.Is(c.Name(), l.Arguments...) && (l.Within == "" || holds(c, l.Within) || c.Prev() != nil && holds(c.Prev(), l.Within))
}

func holds(c *shell.Call, text string) bool {
	return slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.Contains(w.Text, text) })
}

// local reports whether a call of a command that takes its host by an option shows none elsewhere.
func (l *loginCommand) local(c *shell.Call) bool {
	args := c.Args()
	for i, a := range args {
		for _, option := range l.Host {
			host, ok := strings.CutPrefix(a.Value, option)
			if !ok {
				continue
			}
			if host == "" && i+1 < len(args) {
				host = args[i+1].Value
			}
			return localHost(strings.TrimPrefix(host, "="))
		}
	}
	return len(l.Host) > 0
}

// secrets are the words of a call that hold the secret.
func (l *loginCommand) secrets(c *shell.Call) []shell.Word {
	var out []shell.Word
	args := c.Args()[len(l.Arguments):]
	for i, a := range args {
		for _, prefix := range l.Glued {
			if value, ok := strings.CutPrefix(a.Value, prefix); ok && value != "" {
				w := a
				w.Value = value
				out = append(out, w)
			}
		}
		for _, option := range l.Options {
			if w, ok := l.optionValue(args[i:], option); ok {
				out = append(out, w)
			}
		}
	}
	operands := slices.DeleteFunc(slices.Clone(args), func(w shell.Word) bool { return strings.HasPrefix(w.Value, "-") })
	if l.Operand > 0 && l.Operand <= len(operands) {
		out = append(out, operands[l.Operand-1])
	}
	if l.Stdin != "" && c.Has(l.Stdin) {
		out = append(out, inputWords(c)...)
	}
	return out
}

// optionValue is what an option is given that the words begin with. The value of one with a single letter may follow at
// once or behind a '=', and the letter may stand last of several.
func (l *loginCommand) optionValue(words []shell.Word, option string) (value shell.Word, ok bool) {
	rest, begins := strings.CutPrefix(words[0].Value, option)
	letter := isLetterOption(option)
	switch {
	case begins && rest == "", l.Pair != "" && letter && endsOptions(words[0].Value, option[1]):
		if len(words) == 1 {
			return shell.Word{}, false
		}
		return words[1], true
	case begins && (letter && !isLongOption(rest) || strings.HasPrefix(option, "--") && rest[0] == '='):
		value = words[0]
		value.Value = strings.TrimPrefix(rest, "=")
		return value, true
	}
	return shell.Word{}, false
}

func isLetterOption(option string) bool { return len(option) == 2 }

// isLongOption reports whether what follows a '-' and a letter goes on as the name of an option with its value.
func isLongOption(rest string) bool {
	name, _, ok := strings.Cut(rest, "=")
	return ok && name != "" && strings.TrimFunc(name, unicode.IsLetter) == ""
}

// endsOptions reports whether a word is one of several options with a letter each, and this is the last: -sSu.
func endsOptions(word string, letter byte) bool {
	letters, ok := strings.CutPrefix(word, "-")
	return ok && letters != "" && letters[len(letters)-1] == letter && strings.TrimFunc(letters, unicode.IsLetter) == ""
}

// inputWords are the words that make up the input of a call: what echo or printf pipes into it, or a here-string.
func inputWords(c *shell.Call) []shell.Word {
	for _, r := range c.Redirects {
		if r.Op == "<<<" {
			return []shell.Word{r.Target}
		}
	}
	prev := c.Prev()
	if prev == nil || prev.Name() != "echo" && prev.Name() != "printf" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(prev.Args()), func(w shell.Word) bool {
		return strings.HasPrefix(w.Value, "-") || strings.HasPrefix(w.Value, "%")
	})
}

// scanPassword judges what a login command is given.
func (x *scriptScan) scanPassword(c *shell.Call, l *loginCommand, w shell.Word, value string) {
	t := x.view.table
	inQuotes := w.Static && strings.Contains(value, "$") && value[0] != '$' && !strings.ContainsAny(value, "`<{") // nothing that a shell expands
	if !w.Static || isReference(value) && !inQuotes || x.view.dummies[value] || isGCPKey(value) || keyIDPattern.MatchString(value) || onlyLocal(c) {
		return
	}
	f := secretIn{judgement: judgement{what: "a literal token"}, where: strings.Join(append([]string{c.Name()}, l.Arguments...), " ") + " is given", variables: l.Variables}
	switch {
	case l.Registry:
		f.variables = t.registryVariables(l.registry(c))
	case l.Pair != "":
		f.variables = t.hostVariables(hostOfCall(c))
	case l.Address:
		if host := hostOfCall(c); host != "" && ofHost(t.Hosts, host) == nil {
			f.variables = t.hostVariables(host)
		}
	}
	if l.Registry || t.readName(l.Variables[0]).password {
		f.what = "a literal password"
	}
	found := t.tokens(value)
	switch {
	case len(found) > 0:
		f.format, f.what = found[0].format, found[0].format.String()
	case !t.strong(value) && !t.chosen(value):
		return
	}
	x.add(w, value, f)
}

// registry is the host of the registry that a call logs in to, "" for one that is not shown.
func (l *loginCommand) registry(c *shell.Call) string {
	args := c.Args()[len(l.Arguments):]
	taken := append([]string{"-u", "--username"}, l.Options...)
	for i, a := range args {
		if strings.HasPrefix(a.Value, "-") || i > 0 && slices.Contains(taken, args[i-1].Value) {
			continue
		}
		if !a.Static {
			return ""
		}
		if host, ok := addressHost(a.Value); ok {
			return host
		}
		host, _, _ := strings.Cut(a.Value, "/")
		return host
	}
	return dockerHub
}

// hostVariables are where a password for a host is usually kept: ACME_PASSWORD for git.acme.com.
func (t *secretTable) hostVariables(host string) []string {
	if known := ofHost(t.Hosts, host); known != nil {
		return known
	}
	base := hostBase(host)
	if base == "" {
		return []string{"REMOTE_PASSWORD", "REMOTE_TOKEN"}
	}
	return []string{base + "_PASSWORD", base + "_TOKEN"}
}
