package fixes

import (
	_ "embed"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/shell"
)

//go:embed data/network.json
var networkJSON []byte

// networkTable is what is known of addresses, and of commands that reach a network.
type networkTable struct {
	Internal, Local hostSet      // Local are of the job's own machine and containers, and beat Internal
	Cluster         localCluster // local as well, where a job makes a cluster of its own
	Made            []madeNetwork
	Own             ownAddress
	Environment     []string // the ends of names of variables that hold a host
	Shells          []string // variables that hold a command
	Wrappers        []string // programs that run the command among their arguments
	Clients         []*netClient
	Tunnels         []*tunnelCommand
	Services        []string // units that are VPN clients
	Orbs            struct {
		Names []string // parts of the names of orbs that open a VPN
		Quiet []string // beginnings of the names of their commands that open none
	}
	RemoteDocker    []string // orbs whose commands set up remote Docker by themselves
	HostedVariables []string // that are set on CircleCI's own machines only
	Weak            weakSigns
}

// hostSet is a set of hosts by address and by name.
type hostSet struct {
	Ranges []netip.Prefix
	Names  []string // globs
}

type localCluster struct {
	hostSet
	Commands []command // that make a cluster
	Orbs     []string  // parts of the names of orbs that make one
}

// madeNetwork is what commands make on the job's own machine: containers or virtual machines with addresses of their own.
type madeNetwork struct {
	Commands []command
	Ranges   []netip.Prefix
}

// ownAddress tells the address that a program under test gives itself, such as APP_URL=http://app.local: a name of the job's
// own machine. One with more labels may be that of a host.
type ownAddress struct {
	Words   []string // that the variable's name has before its ending, and no others: NEXUS_BASE_URL is for another program
	Domains []string // that are the rest of the host's name behind its first label
}

func (o ownAddress) has(variable, host string) bool {
	words := nameWords(variable)
	if len(words) < 2 {
		return false
	}
	foreign := func(w string) bool { return !slices.Contains(o.Words, w) }
	_, domain, _ := strings.Cut(strings.ToLower(host), ".")
	return slices.Contains(o.Domains, domain) && !slices.ContainsFunc(words[:len(words)-1], foreign)
}

// netClient says where the hosts stand in a command line.
type netClient struct {
	Names    []string
	Sub      []command // only with one of these first operands
	Operands string    // host (the first), hosts, remotes, shares, images, run or words; "" for none
	Hosts    []string  // options whose value is a host
	Valued   string    // short options that take another value
	Attached string    // short options that take a value only right behind the letter
	Long     []string  // long options that take another value as the next word
	Forwards string    // short options that forward ports or jump over hosts
	Shells   []string  // options whose value is a command
}

// tunnelCommand says how a tunnel or VPN is opened.
type tunnelCommand struct {
	Names     []string
	Words     []string // arguments that must follow one another, others between; "|" separates alternatives
	AnyOrder  bool     // the order of Words does not matter
	Arguments bool     // any argument must be there
	Except    []string // arguments that make it do something else
	Opens     string
}

var networkData = sync.OnceValue(func() *networkTable {
	return embedded[networkTable]("network.json", networkJSON)
})

// netCommand is one command with its arguments.
type netCommand struct {
	name  string
	head  shell.Word // the word with the name
	words []shell.Word
}

// command is the command of a call, looked for behind wrappers too; its name is "" when it is not known.
func (t *networkTable) command(c *shell.Call) netCommand {
	name, args := c.Name(), c.Args()
	if name == "" {
		return netCommand{}
	}
	if slices.Contains(t.Wrappers, name) {
		for i, a := range args {
			if inner := path.Base(a.Value); a.Static && t.knows(inner) {
				return netCommand{inner, a, args[i+1:]}
			}
		}
	}
	return netCommand{name, c.Words[len(c.Words)-len(args)-1], args}
}

func (t *networkTable) knows(name string) bool {
	return slices.ContainsFunc(t.Clients, func(k *netClient) bool { return slices.Contains(k.Names, name) }) ||
		slices.ContainsFunc(t.Tunnels, func(x *tunnelCommand) bool { return slices.Contains(x.Names, name) })
}

// anyCommand stands for programs that the table does not know: of their arguments only what has the form of an
// address is taken for one.
var anyCommand = &netClient{Operands: "words"}

// client is how the command is read: as the entry for its first operands, else for its name.
func (t *networkTable) client(cmd netCommand) *netClient {
	var general *netClient
	known := false
	for _, k := range t.Clients {
		switch {
		case !slices.Contains(k.Names, cmd.name):
		case len(k.Sub) == 0:
			general, known = k, true
		case k.subWords(cmd.words) > 0:
			return k
		default:
			known = true
		}
	}
	switch {
	case general != nil:
		return general
	case known:
		return new(netClient)
	}
	return anyCommand
}

// subWords is how many operands the subcommand takes up, 0 when it is another one.
func (k *netClient) subWords(args []shell.Word) int {
	var operands []string
	for _, a := range args {
		if !strings.HasPrefix(a.Value, "-") {
			operands = append(operands, a.Value)
		}
	}
	for _, sub := range k.Sub {
		if len(operands) >= len(sub) && slices.Equal(operands[:len(sub)], sub) {
			return len(sub)
		}
	}
	return 0
}

// netArg is an argument, or the part of one that an option gives as its value.
type netArg struct {
	option string
	text   string
	word   shell.Word
}

// arguments sorts the arguments into operands and those options whose values matter here.
func (k *netClient) arguments(args []shell.Word) (operands, options []netArg) {
	skip := k.subWords(args)
	for i := 0; i < len(args); i++ {
		text := args[i].Value
		if text == "--" {
			for _, a := range args[i+1:] {
				operands = append(operands, netArg{"", a.Value, a})
			}
			break
		}
		if !strings.HasPrefix(text, "-") || text == "-" {
			operands = append(operands, netArg{"", text, args[i]})
			continue
		}
		name, value, attached, takes := k.option(text)
		if !takes {
			continue
		}
		at := netArg{name, value, args[i]}
		if !attached {
			if i++; i == len(args) {
				break
			}
			at.text, at.word = args[i].Value, args[i]
		}
		options = append(options, at)
	}
	return operands[min(skip, len(operands)):], options
}

// option reads an option: its name, and its value when it is attached. takes is false for one without a value.
func (k *netClient) option(text string) (name, value string, attached, takes bool) {
	name, value, attached = strings.Cut(text, "=")
	if slices.Contains(k.Hosts, name) || slices.Contains(k.Shells, name) || slices.Contains(k.Long, name) {
		return name, value, attached, true
	}
	if strings.HasPrefix(text, "--") {
		return name, value, attached, attached
	}
	for i := 1; i < len(text); i++ {
		letter := "-" + text[i:i+1]
		if strings.Contains(k.Attached, text[i:i+1]) {
			break
		}
		if strings.Contains(k.Valued, text[i:i+1]) || slices.Contains(k.Hosts, letter) || slices.Contains(k.Shells, letter) {
			return letter, text[i+1:], i+1 < len(text), true
		}
	}
	return text, "", false, false
}

// opens reports whether the command opens a tunnel or VPN, and the last word that shows it.
func (x *tunnelCommand) opens(cmd netCommand) (last shell.Word, ok bool) {
	if !slices.Contains(x.Names, cmd.name) || x.Arguments && len(cmd.words) == 0 {
		return last, false
	}
	for _, a := range cmd.words {
		if slices.Contains(x.Except, a.Value) {
			return last, false
		}
	}
	last = cmd.head
	from := 0
	for _, alternatives := range x.Words {
		i := slices.IndexFunc(cmd.words[from:], func(a shell.Word) bool {
			return a.Static && slices.Contains(strings.Split(alternatives, "|"), a.Value)
		})
		if i < 0 {
			return last, false
		}
		if x.AnyOrder {
			continue
		}
		last, from = cmd.words[from+i], from+i+1
	}
	return last, true
}
