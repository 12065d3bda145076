package fixes

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// weakSigns are what makes a host look internal without showing that it is. One of them alone is nothing; two tell of a
// private network.
type weakSigns struct {
	Names          []string // parts of names of hosts that lead inside, such as bastion
	Services       []string // first parts of names of services that are often run inside
	Zones          []string // further parts that say where such a service is
	Endpoints      []string // names of managed services that are public and mostly lead to private addresses
	Documentation  []string // names for examples
	ClusterClients []string
	Insecure       []string // their options for a server with a certificate of its own
}

// weakKind is a kind of weak sign, in words that go behind the host.
type weakKind string

const (
	weakName     weakKind = "whose name looks internal"
	weakEndpoint weakKind = "an endpoint that mostly leads to a private network"
	weakServer   weakKind = "without a check of the server's certificate"
)

// weakHost is what makes a host look internal, "" for nothing.
func (v *networkView) weakHost(host string) weakKind {
	kind := v.weakName(host)
	if kind != "" && v.scope.isLocal(strings.ToLower(strings.TrimSuffix(host, ".")), netip.Addr{}) {
		return ""
	}
	return kind
}

// weakName is what the name says, of whichever network it is part of.
func (v *networkView) weakName(host string) weakKind {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, isAddr := parseAddr(host)
	w := &v.table.Weak
	labels := strings.Split(host, ".")
	switch {
	case isAddr || len(labels) < 3 || !isHostName(host):
		return ""
	case matchesHost(v.scope.facts.Public, host) || matchesHost(w.Documentation, host):
		return ""
	case matchesHost(w.Endpoints, host):
		return weakEndpoint
	}
	own := labels[:len(labels)-2] // the last two are somebody's domain
	parts := strings.FieldsFunc(strings.Join(own, "."), func(r rune) bool { return r == '.' || r == '-' })
	service := slices.Contains(w.Services, labels[0])
	if slices.ContainsFunc(parts, func(part string) bool {
		return slices.Contains(w.Names, part) || service && slices.Contains(w.Zones, part)
	}) {
		return weakName
	}
	return ""
}

// addWeak takes in a host that looks internal, if it does.
func (v *networkView) addWeak(at networkSign, who, host string) bool {
	kind := v.weakHost(host)
	if kind == "" {
		return false
	}
	at.weak, at.host = kind, host
	at.message = fmt.Sprintf("%s %s, %s", who, host, kind)
	v.weak = append(v.weak, &at)
	return true
}

// scanInsecure looks for a cluster whose certificate nobody vouches for.
func (v *networkView) scanInsecure(cmd netCommand, at networkSign) {
	w := &v.table.Weak
	if !slices.Contains(w.ClusterClients, cmd.name) {
		return
	}
	for _, a := range cmd.words {
		if slices.Contains(w.Insecure, a.Value) && !v.scope.hasCluster() {
			at.weak = weakServer
			at.message = fmt.Sprintf("%s works %s", cmd.name, weakServer)
			v.weak = append(v.weak, &at)
			return
		}
	}
}

// judgeWeak makes signs of the weak ones of each owner that show together what one alone does not: two of them, for
// different hosts, and not endpoints only, which jobs use from outside too. Beside better signs they add nothing.
func (v *networkView) judgeWeak() {
	strong := map[string]bool{}
	for _, x := range v.signs {
		strong[x.owner] = true
	}
	for _, group := range byOwner(v.weak) {
		hosts := map[string]bool{}
		telling := false
		for _, x := range group {
			hosts[x.host] = true
			telling = telling || x.weak != weakEndpoint
		}
		if !strong[group[0].owner] && telling && len(hosts) > 1 {
			v.signs = append(v.signs, group...)
		} else {
			v.others = append(v.others, group...)
		}
	}
}
