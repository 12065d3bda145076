package fixes

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes/internal/shell"
)

func TestHostKind(t *testing.T) {
	t.Parallel()
	facts := &NetworkFacts{
		Internal: []string{"*.acme.example", "203.0.113.0/24", "build?.example", "172.17.5.5"},
		Public:   []string{"status.acme.example", "10.99.0.0/16", "www.lan"},
	}
	scope := &networkScope{
		facts: facts, table: networkData(),
		localNames: map[string]bool{"db.local": true}, localNets: []netip.Prefix{netip.MustParsePrefix("10.10.0.0/16")},
	}
	for _, test := range []struct {
		name, host string
		want       hostKind
	}{
		{"private, first block", "10.0.0.1", privateHost},
		{"private, second block, first address", "172.16.0.1", privateHost},
		{"private, second block, last address", "172.31.255.254", privateHost},
		{"behind the second block", "172.32.0.1", publicHost},
		{"private, third block", "192.168.1.20", privateHost},
		{"shared range of carriers", "100.64.0.7", privateHost},
		{"behind the shared range", "100.128.0.1", publicHost},
		{"unique local address", "fd00:1::2", privateHost},
		{"private address in an IPv6 one", "::ffff:10.0.0.1", privateHost},
		{"loopback", "127.0.0.1", publicHost},
		{"loopback, IPv6", "::1", publicHost},
		{"any address", "0.0.0.0", publicHost},
		{"cloud metadata", "169.254.169.254", publicHost},
		{"documentation", "192.0.2.1", publicHost},
		{"Docker's bridge", "172.17.0.1", publicHost},
		{"minikube", "192.168.49.2", publicHost},
		{"too many parts", "10.0.0.0.1", publicHost},
		{"a part too large", "10.0.0.256", publicHost},
		{"internal name", "git.acme.corp", internalHost},
		{"internal name, upper case and final dot", "GIT.ACME.CORP.", internalHost},
		{"home network", "nas.home.arpa", internalHost},
		{"the suffix alone", "internal", publicHost},
		{"the suffix inside", "internal.acme.org", publicHost},
		{"suffix without a dot", "mylan", publicHost},
		{"metadata by name", "metadata.google.internal", publicHost},
		{"Docker's host", "host.docker.internal", publicHost},
		{"a name with an expansion", "$HOST.internal", publicHost},
		{"a name with an expression", "<< parameters.x >>.internal", publicHost},
		{"empty", "", publicHost},
		{"a container of the job", "db.local", publicHost},
		{"an address of a network that the job makes", "10.10.3.4", publicHost},
		{"internal by the settings, name", "www.acme.example", internalHost},
		{"internal by the settings, several labels", "a.b.acme.example", internalHost},
		{"internal by the settings, one character", "build7.example", internalHost},
		{"internal by the settings, range", "203.0.113.9", internalHost},
		{"internal by the settings, though Docker's", "172.17.5.5", privateHost},
		{"public by the settings, name", "status.acme.example", publicHost},
		{"public by the settings, range", "10.99.1.1", publicHost},
		{"public by the settings, internal by the suffix", "www.lan", publicHost},
		{"a name against ranges", "acme.org", publicHost},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := scope.kind(test.host); got != test.want {
				t.Errorf("kind(%q) = %d, want %d", test.host, got, test.want)
			}
		})
	}
}

func TestClusterIsLocal(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"172.18.0.4", "api.default.svc.cluster.local"} {
		scope := &networkScope{facts: &NetworkFacts{}, table: networkData()}
		if scope.kind(host) == publicHost {
			t.Errorf("%s without a cluster of the job's own is internal", host)
		}
		scope.cluster = true
		if scope.kind(host) != publicHost {
			t.Errorf("%s with a cluster of the job's own is local", host)
		}
	}
}

func TestNeedsRunner(t *testing.T) {
	t.Parallel()
	routes := []RouteFact{
		{Hosts: []string{"*.eu.acme.corp"}, Route: "runner", ResourceClass: "acme/eu"},
		{Hosts: []string{"*.acme.corp", "10.0.0.0/8"}, Route: "ip-ranges"},
	}
	for _, test := range []struct {
		name, host, route string
		routes            []RouteFact
		want              bool
	}{
		{"internal name, no route", "git.acme.corp", "", nil, true},
		{"internal name, all by addresses", "git.acme.corp", "ip-ranges", nil, false},
		{"private address, all by addresses", "10.0.0.5", "ip-ranges", nil, true},
		{"first route", "git.eu.acme.corp", "ip-ranges", routes, true},
		{"second route", "git.acme.corp", "runner", routes, false},
		{"private address, second route", "10.0.0.5", "", routes, true},
		{"no route names it", "git.acme.lan", "ip-ranges", routes, false},
		{"public", "acme.example", "", routes, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			scope := &networkScope{facts: &NetworkFacts{Route: test.route, Routes: test.routes}, table: networkData()}
			if got := scope.needsRunner(test.host); got != test.want {
				t.Errorf("needsRunner(%q) = %v, want %v", test.host, got, test.want)
			}
		})
	}
}

func TestAllowsIPRanges(t *testing.T) {
	t.Parallel()
	routes := []RouteFact{
		{Hosts: []string{"eu.acme.example"}, Route: "runner"},
		{Hosts: []string{"*.acme.example", "10.0.0.0/8", "8.20.0.0/16", "127.0.0.1", "169.254.169.254", "localhost"}, Route: "ip-ranges"},
	}
	for _, test := range []struct {
		name, host, route string
		routes            []RouteFact
		want              bool
	}{
		{"internal name, no route", "git.acme.corp", "", nil, false},
		{"internal name, all by addresses", "git.acme.corp", "ip-ranges", nil, true},
		{"internal by the settings", "git.acme.test", "ip-ranges", nil, true},
		{"upper case and final dot", "GIT.acme.test.", "ip-ranges", nil, true},
		{"public by the settings", "www.acme.test", "ip-ranges", nil, false},
		{"public name, all by addresses", "acme.org", "ip-ranges", nil, false},
		{"public name that a route names", "api.acme.example", "", routes, true},
		{"an earlier route names it", "eu.acme.example", "ip-ranges", routes, false},
		{"public address that a route names", "8.20.1.1", "", routes, true},
		{"private address", "10.0.0.5", "ip-ranges", routes, false},
		{"private address by the settings", "10.1.0.5", "ip-ranges", nil, false},
		{"loopback", "127.0.0.1", "", routes, false},
		{"cloud metadata", "169.254.169.254", "", routes, false},
		{"the machine itself", "localhost", "", routes, false},
		{"a container of the job", "db.acme.test", "ip-ranges", nil, false},
		{"an expansion", "$host.acme.example", "", routes, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			scope := &networkScope{
				facts: &NetworkFacts{
					Internal: []string{"*.acme.test", "10.1.0.0/16"}, Public: []string{"www.acme.test"},
					Route: test.route, Routes: test.routes,
				},
				table: networkData(), localNames: map[string]bool{"db.acme.test": true},
			}
			if got := scope.allowsIPRanges(test.host); got != test.want {
				t.Errorf("allowsIPRanges(%q) = %v, want %v", test.host, got, test.want)
			}
		})
	}
}

func TestHostsIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"host", "db.acme.lan", []string{"db.acme.lan"}},
		{"host and port", "db.acme.lan:5432", []string{"db.acme.lan"}},
		{"host and path", "db.acme.lan/x", []string{"db.acme.lan"}},
		{"user and host", "ci@db.acme.lan", []string{"db.acme.lan"}},
		{"list", "a.lan:9092,b.lan:9092", []string{"a.lan", "b.lan"}},
		{"network", "10.0.0.0/8", nil},
		{"IPv6", "fd00::1", []string{"fd00::1"}},
		{"IPv6 and port", "[fd00::1]:443", []string{"fd00::1"}},
		{"connection string", "host=db.lan dbname=x", []string{"db.lan"}},
		{"connection string of SQL Server", "Server=tcp:db.lan,1433;Database=x", []string{"db.lan", "1433"}},
		{"URL", "https://git.corp/x?y=http://other.corp", []string{"git.corp"}},
		{"URL with user, password and port", "http://u:p@git.corp:8080/x", []string{"git.corp"}},
		{"URL with an at sign in the password", "http://u:p@q@git.corp/", []string{"git.corp"}},
		{"URL with an expansion for a user", "http://$U:${P}@git.corp/", []string{"git.corp"}},
		{"URL with an expansion for a host", "http://$HOST:80/", []string{"$HOST"}},
		{"URL of a driver", "jdbc:postgresql://db.lan:5432/x", []string{"db.lan"}},
		{"URL with several hosts", "mongodb://u:p@a.lan:1,b.lan:2/x", []string{"a.lan", "b.lan"}},
		{"URL with IPv6", "http://[fd00::1]:8080/", []string{"fd00::1"}},
		{"empty", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, hostsIn(test.text)); diff != "" {
				t.Errorf("hostsIn(%q) (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

// netScan are the hosts that a script reaches inside, and what opens tunnels in it.
func netScan(t *testing.T, text string) (hosts, tunnels []string) {
	t.Helper()
	script, err := shell.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	table := networkData()
	v := &networkView{table: table, scope: &networkScope{facts: &NetworkFacts{}, table: table}}
	v.scanScript(script, func(shell.Span) networkSign { return networkSign{} })
	for _, x := range v.signs {
		if x.host != "" {
			hosts = append(hosts, x.host)
		} else {
			tunnels = append(tunnels, x.tunnel)
		}
	}
	return hosts, tunnels
}

func TestContacts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		want         []string
	}{
		{"ssh, options with values first", "ssh -p 2222 -i key.local -o User=ci 10.0.0.5 uptime", []string{"10.0.0.5"}},
		{"ssh, options in a variable", "ssh $SSH_OPTIONS ci@10.0.0.5 uptime", []string{"10.0.0.5"}},
		{"ssh, the remote command is not read", "ssh ci@www.acme.example curl http://10.0.0.5/", nil},
		{"ssh, host in a variable", `ssh "$HOST" uptime`, nil},
		{"ssh, user in a variable", "ssh $DEPLOY_USER@10.0.0.5 uptime", []string{"10.0.0.5"}},
		{"ssh, user and host in variables", "ssh $DEPLOY_USER@$DEPLOY_HOST http://10.0.0.5/", nil},
		{"ssh, a command behind a host in a variable", `ssh $HOST "curl http://10.0.0.5/"`, nil},
		{"scp, from and to", "scp -P 22 a.lan b@10.0.0.5:/x", []string{"10.0.0.5"}},
		{"scp, a local file with a colon behind a slash", "scp ./10.0.0.5:x www.acme.example:", nil},
		{"scp, IPv6", "scp x 'ci@[fd00::5]:/srv'", []string{"fd00::5"}},
		{"rsync, daemon", "rsync -a rsync://10.0.0.5/data .", []string{"10.0.0.5"}},
		{"curl, no scheme", "curl 10.0.0.5/health", []string{"10.0.0.5"}},
		{"curl, joined short options", "curl -sSLo x.local git.acme.lan", []string{"git.acme.lan"}},
		{"curl, proxy", "curl -x proxy.acme.lan:3128 https://acme.example", []string{"proxy.acme.lan"}},
		{"curl, data and headers", "curl -H 'Host: a.lan' -d http://10.0.0.5/ --data-raw b.lan https://acme.example", nil},
		{"wget, behind a wrapper", "timeout 10 wget -O out http://10.0.0.5/x", []string{"10.0.0.5"}},
		{"a wrapper of the table", "retry 5 nc -z 10.0.0.5 22", []string{"10.0.0.5"}},
		{"inside a condition of an inner shell", "bash -c 'until nc -z db.lan 5432; do sleep 1; done'", []string{"db.lan"}},
		{"in a substitution", "x=$(curl http://10.0.0.5/)", []string{"10.0.0.5"}},
		{"psql, attached host", "psql -h10.0.0.5 -U ci", []string{"10.0.0.5"}},
		{"psql, long host", "psql --host=10.0.0.5 app", []string{"10.0.0.5"}},
		{"psql, connection string", `psql "host=10.0.0.5 dbname=app"`, []string{"10.0.0.5"}},
		{"mysql", "mysql -u ci -p$P -h db.lan app", []string{"db.lan"}},
		{"redis", "redis-cli -h cache.lan -p 6379 ping", []string{"cache.lan"}},
		{"openssl", "openssl s_client -connect ldap.lan:636", []string{"ldap.lan"}},
		{"openssl, other command", "openssl x509 -in ca.lan", nil},
		{"docker login", "docker login -u ci -p x registry.lan:5000", []string{"registry.lan"}},
		{"docker pull", "docker pull registry.lan/app:1", []string{"registry.lan"}},
		{"docker run, environment and image", "docker run -e DB_HOST=10.0.0.5 registry.lan/app", []string{"10.0.0.5", "registry.lan"}},
		{"docker tag", "docker tag app registry.lan/app", nil},
		{"git, remote by ssh", "git clone git@git.corp:team/app.git", []string{"git.corp"}},
		{"git, a revision and a file", "git show HEAD:settings.local", nil},
		{"helm, repo", "helm repo add acme http://charts.lan", []string{"charts.lan"}},
		{"kubectl, server", "kubectl --server https://10.0.0.5:6443 get pods", []string{"10.0.0.5"}},
		{"ansible, inventory", "ansible-playbook -i 10.0.0.5, site.yml", []string{"10.0.0.5"}},
		{"mount", "mount -t nfs 10.0.0.5:/export /mnt", []string{"10.0.0.5"}},
		{"any program, URL", "pip install --index-url=https://pypi.lan/simple x", []string{"pypi.lan"}},
		{"any program, property", "./gradlew publish -Purl=https://repo.lan/maven", []string{"repo.lan"}},
		{"any program, port", "dockerize -wait tcp://10.0.0.5:5432 && ./probe 10.0.0.6:80", []string{"10.0.0.5", "10.0.0.6"}},
		{"any program, target of a copy", "./upload x ci@10.0.0.5:/srv", []string{"10.0.0.5"}},
		{"any program, address alone", "./install 10.0.0.5", nil},
		{"any program, sentence", "./notify 'see http://10.0.0.5/'", nil},
		{"bash's own sockets", "exec 3<>/dev/tcp/10.0.0.5/5432", []string{"10.0.0.5"}},
		{"exported", "export DB_HOST=10.0.0.5", []string{"10.0.0.5"}},
		{"exported, another name", "export BIND=10.0.0.5", nil},
		{"assigned and not exported", "DB_HOST=10.0.0.5", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, tunnels := netScan(t, test.script)
			if diff := cmp.Diff(test.want, got); diff != "" || tunnels != nil {
				t.Errorf("tunnels %v, hosts (-want +got):\n%s", tunnels, diff)
			}
		})
	}
}

func TestTunnels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		want         []string
	}{
		{"ssh -L", "ssh -L 80:a:80 h", []string{"ssh -L"}},
		{"ssh, joined options", "ssh -fNL80:a:80 h", []string{"ssh -L"}},
		{"ssh, behind the host", "ssh h -D 1080", []string{"ssh -D"}},
		{"ssh, option of the remote command", "ssh h ls -L", nil},
		{"ssh, a letter that is a value", "ssh -i L -p 22 h", nil},
		{"ssh, setting attached", "ssh -oProxyJump=b h", []string{"ssh -o ProxyJump"}},
		{"ssh, no proxy", "ssh -o ProxyCommand=none -J none h", nil},
		{"ssh, other setting", "ssh -o ForwardAgent=yes h", nil},
		{"git by a jump host", "GIT_SSH_COMMAND='ssh -J b' git fetch && export GIT_SSH_COMMAND='ssh -J c'", []string{"ssh -J", "ssh -J"}},
		{"scp, recursive and limited", "scp -r -l 100 -D x a h:", nil},
		{"autossh", "autossh -M 0 -N h", []string{"autossh"}},
		{"sshuttle", "sshuttle -r h 0/0", []string{"sshuttle"}},
		{"session manager", "aws --profile x ssm start-session --target i-1", []string{"aws ssm start-session"}},
		{"other call of that service", "aws ssm get-parameter --name x", nil},
		{"gcloud without a tunnel", "gcloud compute ssh h", nil},
		{"gcloud through IAP", "gcloud compute --project p ssh --tunnel-through-iap h", []string{"gcloud compute ssh --tunnel-through-iap"}},
		{"gcloud's own tunnel", "gcloud beta compute start-iap-tunnel h 22", []string{"gcloud compute start-iap-tunnel"}},
		{"azure bastion", "az network bastion tunnel --name x", []string{"az network bastion tunnel"}},
		{"azure bastion, made", "az network bastion create --name x", nil},
		{"openvpn", "sudo openvpn --config x.ovpn", []string{"openvpn"}},
		{"openvpn, keys only", "openvpn --genkey secret x", nil},
		{"wireguard", "wg-quick up wg0", []string{"wg-quick up"}},
		{"wireguard, keys only", "wg genkey", nil},
		{"tailscale with options between", "tailscale --socket=/tmp/x up --authkey $K", []string{"tailscale up"}},
		{"tailscale, state", "tailscale status", nil},
		{"cloudflared access", "cloudflared access tcp --hostname x", []string{"cloudflared access"}},
		{"cloudflared, a tunnel deleted", "cloudflared tunnel delete x", nil},
		{"strongswan", "sudo ipsec up acme", []string{"ipsec up"}},
		{"vpnc, full path", "/usr/sbin/vpnc tunnel", []string{"vpnc"}},
		{"vpnc, end", "vpnc-disconnect", nil},
		{"service", "sudo service openvpn start", []string{"the service openvpn"}},
		{"service, ended", "sudo service openvpn stop", nil},
		{"installed", "apt-get install -y openvpn autossh", nil},
		{"looked for", "command -v openvpn || which tailscale", nil},
		{"printed", "echo ssh -J b h", nil},
		{"a script that is written", "echo -e '#!/bin/sh\\nopenconnect vpn.acme.example' > up.sh", []string{"openconnect"}},
		{"settings that are written", "echo 'ProxyJump b' >> ~/.ssh/config", []string{"ssh with ProxyJump"}},
		{"a note that is written", "echo 'ssh -J b h' > notes.txt", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hosts, got := netScan(t, test.script)
			if diff := cmp.Diff(test.want, got); diff != "" || hosts != nil {
				t.Errorf("hosts %v, tunnels (-want +got):\n%s", hosts, diff)
			}
		})
	}
}

func TestNetworkDataIsStrict(t *testing.T) {
	t.Parallel()
	var data struct {
		Source, Date string
		networkTable
	}
	d := json.NewDecoder(bytes.NewReader(networkJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(&data); err != nil {
		t.Fatal(err)
	}
	if data.Source == "" || data.Date == "" {
		t.Error("the table does not say where it comes from")
	}
	for _, k := range data.Clients {
		switch k.Operands {
		case "", "host", "hosts", "remotes", "shares", "images", "run", "words":
		default:
			t.Errorf("%v: unknown kind of operands %q", k.Names, k.Operands)
		}
	}
}

func TestHasWord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       bool
	}{
		{"alone", "cache", true},
		{"in a URL", "redis://cache:6379", true},
		{"part of a word", "mycache caches cache-key", false},
		{"behind parts of words", "caches cache", true},
		{"absent", "redis", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := hasWord(test.text, "cache"); got != test.want {
				t.Errorf("hasWord(%q) = %v", test.text, got)
			}
		})
	}
}
