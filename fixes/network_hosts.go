package fixes

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// hostKind is where a host is, as far as its address or name shows it.
type hostKind uint8

const (
	publicHost   hostKind = iota
	internalHost          // by name, or by what the settings say
	privateHost           // by an address that is not routed in public
)

// networkScope decides what is internal for one file.
type networkScope struct {
	facts      *NetworkFacts
	table      *networkTable
	localNames map[string]bool // of containers and hosts that the file itself makes
	localNets  []netip.Prefix  // of networks that the file itself makes
	cluster    bool            // a job makes a cluster of its own
	learn      func()          // fills in the three; nil once it has
}

// kind tells where a host is. What the settings say beats everything; what the job itself makes is no network.
func (s *networkScope) kind(host string) hostKind {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	addr, isAddr := parseAddr(host)
	if !isAddr && !isHostName(host) || matchesHost(s.facts.Public, host) {
		return publicHost
	}
	kind := publicHost
	if isAddr && s.table.Internal.hasAddr(addr) {
		kind = privateHost
	} else if !isAddr && s.table.Internal.hasName(host) || matchesHost(s.facts.Internal, host) {
		kind = internalHost
	}
	if kind != publicHost && !matchesHost(s.facts.Internal, host) && s.isLocal(host, addr) {
		return publicHost
	}
	return kind
}

func (s *networkScope) isLocal(host string, addr netip.Addr) bool {
	s.learned()
	if addr.IsValid() {
		return s.table.Local.hasAddr(addr) || s.cluster && s.table.Cluster.hasAddr(addr) || contains(s.localNets, addr)
	}
	return s.table.Local.hasName(host) || s.cluster && s.table.Cluster.hasName(host) || s.localNames[host]
}

func (h hostSet) hasAddr(addr netip.Addr) bool { return contains(h.Ranges, addr) }

func (h hostSet) hasName(name string) bool {
	return slices.ContainsFunc(h.Names, func(glob string) bool { return doublestar.MatchUnvalidated(glob, name) })
}

func contains(nets []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// matchesHost reports whether one of the patterns, globs on names, addresses or CIDRs, takes in the host.
func matchesHost(patterns []string, host string) bool {
	addr, isAddr := parseAddr(host)
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if p, err := netip.ParsePrefix(pattern); err == nil {
			return isAddr && p.Contains(addr)
		}
		if a, err := netip.ParseAddr(pattern); err == nil {
			return isAddr && a.Unmap() == addr
		}
		return doublestar.MatchUnvalidated(strings.ToLower(pattern), host)
	})
}

// routeOf is the route for a host: the first that names it, else the settings' own. index is that of the route, -1
// for none.
func (s *networkScope) routeOf(host string) (route RouteFact, index int) {
	for i, r := range s.facts.Routes {
		if matchesHost(r.Hosts, strings.ToLower(host)) {
			return r, i
		}
	}
	return RouteFact{Route: s.facts.Route}, -1
}

// needsRunner reports whether a job has to be inside the network to reach the host.
func (s *networkScope) needsRunner(host string) bool {
	switch s.kind(host) {
	case privateHost:
		return true
	case internalHost:
		route, _ := s.routeOf(host)
		return route.Route != ipRanges
	}
	return false
}

// allowsIPRanges reports whether the host is reached from CircleCI's fixed addresses: it is internal and routed so, or
// a route names it. Nobody gets to a private address that way, nor to what the job itself makes.
func (s *networkScope) allowsIPRanges(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	addr, isAddr := parseAddr(host)
	route, index := s.routeOf(host)
	switch {
	case route.Route != ipRanges:
		return false
	case isAddr && !addr.IsGlobalUnicast() || !isAddr && (!isHostName(host) || !strings.Contains(host, ".")):
		return false
	case matchesHost(s.facts.Public, host) || s.isLocal(host, addr):
		return false
	}
	kind := s.kind(host)
	return kind != privateHost && (kind == internalHost || index >= 0)
}

// ipRanges is the route of those who let CircleCI's addresses in.
const ipRanges = "ip-ranges"

func parseAddr(host string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(host)
	return addr.Unmap().WithZone(""), err == nil
}

// isHostName reports whether a text can be a host's name. One with an expansion or an expression is none: where it
// leads is not known.
func isHostName(text string) bool {
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// hostsIn are the hosts of a text that stands where hosts are expected: a URL, a host, user@host, host:port, a list of
// these, or a connection string with a host in it. A CIDR names a network and no host.
func hostsIn(text string) []string {
	if strings.Contains(text, "://") {
		return urlHosts(text)
	}
	var out []string
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(", ;\t\n", r) }) {
		if key, value, ok := strings.Cut(field, "="); ok {
			if k := strings.ToLower(key); k != "host" && k != "hostaddr" && k != "server" {
				continue
			}
			field = strings.TrimPrefix(value, "tcp:")
		}
		if _, err := netip.ParsePrefix(field); err == nil {
			continue
		}
		authority, _, _ := strings.Cut(field, "/")
		out = append(out, hostOf(authority))
	}
	return out
}

// urlHosts are the hosts of the URL that a text holds; several where a driver takes a list of them.
func urlHosts(text string) []string {
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return nil
	}
	if i := strings.IndexAny(rest, "/?#\"' \t\n\\"); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	var out []string
	for authority := range strings.SplitSeq(rest, ",") {
		out = append(out, hostOf(authority))
	}
	return out
}

// hostOf takes the user and the port off an authority.
func hostOf(authority string) string {
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if inside, ok := strings.CutPrefix(host, "["); ok {
		host, _, _ = strings.Cut(inside, "]")
		return host
	}
	if _, ok := parseAddr(host); ok {
		return host
	}
	host, _, _ = strings.Cut(host, ":")
	return host
}

// remoteHosts are the hosts of an operand that may be local: a URL, or [user@]host:path.
func remoteHosts(text string) []string {
	if strings.Contains(text, "://") {
		return urlHosts(text)
	}
	colon := strings.IndexByte(text, ':')
	if strings.HasPrefix(text[strings.LastIndexByte(text, '@')+1:], "[") {
		colon = strings.Index(text, "]:")
	}
	if slash := strings.IndexByte(text, '/'); colon < 0 || slash >= 0 && slash < colon {
		return nil
	}
	return []string{hostOf(text)}
}

// imageHosts is the registry of an image.
func imageHosts(text string) []string {
	host, _, ok := strings.Cut(text, "/")
	if !ok {
		return nil
	}
	return []string{hostOf(host)}
}

// wordHosts are the hosts of an argument whose place says nothing: a URL, host:port, user@host:path, each alone or as
// the value of NAME=, and anything that is the value of a variable for hosts. An address alone may be a version, and
// user@host a mail address.
func (t *networkTable) wordHosts(text string) []string {
	if strings.ContainsAny(text, " \t\n") {
		return nil
	}
	if i := strings.Index(text, "://"); i >= 0 {
		prefix := strings.TrimRight(text[:i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-:")
		if prefix != "" && prefix[len(prefix)-1] != '=' {
			return nil
		}
		return urlHosts(text)
	}
	if name, value, ok := strings.Cut(text, "="); ok {
		if t.namesHost(name) {
			return hostsIn(value)
		}
		text = value
	}
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		authority, _, _ := strings.Cut(part, "/")
		_, after, _ := strings.Cut(authority[strings.LastIndexByte(authority, '@')+1:], ":")
		remote := strings.Contains(authority, "@") && strings.Contains(authority, ":")
		if remote || after != "" && len(after) <= 5 && strings.Trim(after, "0123456789") == "" {
			out = append(out, hostOf(authority))
		}
	}
	return out
}

// namesHost reports whether a variable of that name holds the address of something.
func (t *networkTable) namesHost(name string) bool {
	return slices.ContainsFunc(t.Environment, func(end string) bool { return strings.HasSuffix(strings.ToUpper(name), end) })
}
