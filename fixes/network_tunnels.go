package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// addTunnels finds the commands of a script that open a tunnel or VPN.
func (v *networkView) addTunnels(script *shell.Script, at func(shell.Span) networkSign) {
	for _, c := range script.Calls() {
		cmd := v.table.command(c)
		if cmd.name == "" {
			continue
		}
		if last, by, opens := v.table.tunnel(cmd); by != "" {
			v.addTunnel(at(shell.Span{Start: cmd.head.Span.Start, End: max(last.Span.End, cmd.head.Span.End)}), by, opens)
			continue
		}
		client := v.table.client(cmd)
		if len(client.Shells) == 0 {
			continue
		}
		_, options := client.arguments(cmd.words)
		for _, o := range options {
			if !slices.Contains(client.Shells, o.option) {
				continue
			}
			if inner, err := shell.Parse(o.text); err == nil {
				v.addTunnels(inner, func(shell.Span) networkSign { return at(o.word.Span) })
			}
		}
	}
}

// tunnel is how a command opens a tunnel or VPN: the last word that shows it, and words for both. by is "" for any
// other command.
func (t *networkTable) tunnel(cmd netCommand) (last shell.Word, by, opens string) {
	for _, x := range t.Tunnels {
		if last, ok := x.opens(cmd); ok {
			by = cmd.name
			for _, w := range x.Words {
				if i := slices.IndexFunc(cmd.words, func(a shell.Word) bool { return slices.Contains(strings.Split(w, "|"), a.Value) }); i >= 0 {
					by += " " + cmd.words[i].Value
				}
			}
			return last, by, x.Opens
		}
	}
	if unit, word := t.startedService(cmd); unit != "" {
		return word, "the service " + unit, "a VPN"
	}
	if client := t.client(cmd); client.Forwards != "" {
		if last, option := client.forward(cmd.words); option != "" {
			return last, cmd.name + " " + option, "a tunnel"
		}
	}
	return last, "", ""
}

// startedService is the VPN client that systemctl or service starts.
func (t *networkTable) startedService(cmd netCommand) (unit string, word shell.Word) {
	if cmd.name != "systemctl" && cmd.name != "service" {
		return "", word
	}
	starts := slices.ContainsFunc(cmd.words, func(w shell.Word) bool {
		return w.Value == "start" || w.Value == "restart" || w.Value == "--now"
	})
	for _, w := range cmd.words {
		name, _, _ := strings.Cut(strings.TrimSuffix(w.Value, ".service"), "@")
		if starts && slices.Contains(t.Services, name) {
			return name, w
		}
	}
	return "", word
}

// sshSettings are the settings of ssh, in lower case, that forward ports or jump over hosts.
var sshSettings = []string{"proxyjump", "proxycommand", "localforward", "remoteforward", "dynamicforward"}

// sshSetting is the name of such a setting, as written, in a line of ssh's configuration or the value of -o.
func sshSetting(line string) string {
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == '=' || r == ' ' || r == '\t' })
	if len(fields) < 2 || !slices.Contains(sshSettings, strings.ToLower(fields[0])) || strings.EqualFold(fields[1], "none") {
		return ""
	}
	return fields[0]
}

// forward is the option that makes ssh forward a port or jump over a host. Options end with the remote command.
func (k *netClient) forward(args []shell.Word) (word shell.Word, option string) {
	operands := 0
	for i := 0; i < len(args) && operands < 2; i++ {
		text := args[i].Value
		if !strings.HasPrefix(text, "-") {
			operands++
			continue
		}
		if text == "--" {
			break
		}
		at := strings.IndexAny(text, k.Valued)
		if at < 1 {
			continue
		}
		letter, value := text[at:at+1], text[at+1:]
		if value == "" && i+1 < len(args) {
			i++
			value = args[i].Value
		}
		switch {
		case strings.Contains(k.Forwards, letter) && value != "none":
			return args[i], "-" + letter
		case letter == "o":
			if name := sshSetting(value); name != "" {
				return args[i], "-o " + name
			}
		}
	}
	return word, ""
}

// scanWrite looks for tunnels in what a script writes: a script of its own, or ssh's configuration.
func (v *networkView) scanWrite(w shell.Write, at func(shell.Span) networkSign) {
	switch text := w.Text(); {
	case strings.HasPrefix(text, "#!"):
		if script, err := shell.Parse(text); err == nil {
			v.addTunnels(script, func(shell.Span) networkSign { return at(w.Call.Span) })
		}
	case strings.HasSuffix(w.File.Value, ".ssh/config") || strings.HasSuffix(w.File.Value, "ssh_config"):
		for _, line := range w.Lines {
			if name := sshSetting(strings.TrimSpace(line.Text)); name != "" {
				v.addTunnel(at(line.Span), "ssh with "+name, "a tunnel")
			}
		}
	}
}
