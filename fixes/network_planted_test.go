package fixes

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// plantedNetworks is how many real configs every sign of a network and everything that looks like one is planted into.
const plantedNetworks = 20

// networkForms are signs that a job works in an internal network, each of which is found wherever it is planted.
var networkForms = []plantForm{
	{"URL, first block", steps("- run: curl -fsS http://10.77.1.5/health")},
	{"URL, second block", steps("- run: wget -q https://172.31.9.1:8443/tool.tgz")},
	{"URL, third block", steps("- run: curl --retry 3 -o x http://192.168.7.20/x")},
	{"URL, shared range", steps("- run: curl http://100.101.102.103:9000/")},
	{"URL, unique local address", steps("- run: curl 'http://[fd12:3456:789a::5]:8080/'")},
	{"URL in quotes with an expansion behind", steps("- run: curl \"https://api.planted.internal/v1/${CIRCLE_SHA1}\"")},
	{"ssh", steps("- run: ssh -o StrictHostKeyChecking=no ci@10.77.1.5 './deploy.sh'")},
	{"scp", steps("- run: scp -r out/ ci@10.77.1.5:/srv/app")},
	{"rsync", steps("- run: rsync -az --delete out/ ci@files.planted.lan:/srv/app")},
	{"psql", steps("- run: psql -h db.planted.corp -U app -c 'select 1'")},
	{"mysql", steps("- run: mysql --host=10.77.1.6 -uapp -p\"$DB_PASSWORD\" app < dump.sql")},
	{"redis-cli", steps("- run: redis-cli -h 10.77.1.7 -p 6379 ping")},
	{"connection string", steps("- run: psql postgres://app:pw@db.planted.intranet:5432/app -c 'select 1'")},
	{"git", steps("- run: git clone git@git.planted.corp:team/app.git")},
	{"registry", steps("- run: docker pull registry.planted.lan:5000/app:1")},
	{"package registry", steps("- run: npm publish --registry=https://npm.planted.corp/")},
	{"host:port", steps("- run: nc -z 10.77.1.8 5432")},
	{"redirection", steps("- run: echo ping > /dev/tcp/10.77.1.9/7000")},
	{"cluster", steps("- run: kubectl --server=https://10.77.0.1:6443 apply -f app.yml")},
	{"in a script", steps("- run: |\n    set -e\n    make\n    if ! curl -fs http://10.77.1.5/ready; then\n      exit 1\n    fi")},
	{"over lines", steps("- run: |\n    curl \\\n      --header 'A: b' \\\n      http://10.77.1.5/x")},
	{"in a command's command", steps("- run: bash -c \"curl http://10.77.1.5/x\"")},
	{"behind wrappers", steps("- run: sudo -E timeout 60 curl http://10.77.1.5/x")},
	{"step's variable", steps("- run:\n    command: make test\n    environment:\n      PLANTED_API_URL: http://10.77.1.5/")},
	{"exported variable", steps("- run: |\n    export PLANTED_DB_HOST=db.planted.lan\n    make test")},
	{"variable for later steps", steps("- run: echo 'export PLANTED_API_ENDPOINT=http://10.77.1.5/' >> $BASH_ENV")},
	{"job's URL", inJobEnvironment("PLANTED_URL", "http://10.77.1.5:8080/")},
	{"job's host", inJobEnvironment("PLANTED_HOST", "db.planted.corp")},
	{"job's address", inJobEnvironment("PLANTED_ADDR", "10.77.1.5:9000")},
	{"job's endpoint", inJobEnvironment("PLANTED_ENDPOINT", "https://s3.planted.home.arpa")},
	{"suffix internal", steps("- run: curl https://api.planted.internal/")},
	{"suffix intranet", steps("- run: curl https://wiki.intranet/")},
	{"suffix corp", steps("- run: curl https://ci.planted.corp/")},
	{"suffix lan", steps("- run: curl https://nas.lan/")},
	{"suffix local", steps("- run: curl https://printer.planted.local/")},
	{"suffix private", steps("- run: curl https://vault.planted.private/")},
	{"suffix home.arpa", steps("- run: curl https://nas.home.arpa/")},
	{"openvpn", steps("- run: sudo openvpn --config client.ovpn --daemon")},
	{"wg-quick", steps("- run: sudo wg-quick up wg0")},
	{"tailscale", steps("- run: sudo tailscale up --authkey=$TS_KEY")},
	{"cloudflared", steps("- run: cloudflared access tcp --hostname db.planted.example --url 127.0.0.1:5432 &")},
	{"openconnect", steps("- run: echo \"$VPN_PASSWORD\" | sudo openconnect --passwd-on-stdin -b vpn.planted.example")},
	{"globalprotect", steps("- run: globalprotect connect --portal vpn.planted.example")},
	{"anyconnect", steps("- run: /opt/cisco/anyconnect/bin/vpn connect vpn.planted.example")},
	{"zerotier", steps("- run: sudo zerotier-cli join 8056c2e21c000001")},
	{"twingate", steps("- run: sudo twingate start")},
	{"ipsec", steps("- run: sudo ipsec up planted")},
	{"service", steps("- run: sudo systemctl start openvpn-client@planted")},
	{"local forward", steps("- run: ssh -f -N -L 5432:db:5432 ci@gate.planted.example")},
	{"remote forward", steps("- run: ssh -fNR 8080:localhost:80 ci@gate.planted.example")},
	{"dynamic forward", steps("- run: ssh -D 1080 -fN ci@gate.planted.example")},
	{"jump host", steps("- run: ssh -J ci@gate.planted.example ci@app true")},
	{"ProxyJump", steps("- run: ssh -o ProxyJump=gate.planted.example app true")},
	{"ProxyCommand", steps("- run: |\n    cat >> ~/.ssh/config <<END\n    Host app\n      ProxyCommand ssh -W %h:%p gate\n    END")},
	{"autossh", steps("- run: autossh -M 0 -f -N planted")},
	{"sshuttle", steps("- run: sshuttle -D -r ci@gate.planted.example 10.0.0.0/8")},
	{"session manager", steps("- run: aws ssm start-session --target i-0a1b2c3d4e5f")},
	{"identity-aware proxy", steps("- run: gcloud compute start-iap-tunnel planted 22 --local-host-port=localhost:2222")},
	{"gcloud ssh", steps("- run: gcloud compute ssh planted --internal-ip --command 'true'")},
	{"Azure bastion", steps("- run: az network bastion tunnel --name b --resource-group g --target-resource-id id --resource-port 22 --port 50022")},
	{"VPN orb", withOrb("planted-mesh", "planted/tailscale@1.2.3", "- planted-mesh/connect")},
	{"two weak names", steps("- run: |\n    ssh ci@bastion.planted.example ./deploy.sh\n    curl https://nexus.corp.planted.example/x")},
	{"weak name and endpoint", steps("- run: |\n    curl https://vpn.planted.example/x\n    psql -h orders.abc123.eu-west-1.rds.amazonaws.com -c 'select 1'")},
	{"weak cluster and name", withoutCluster("- run: |\n    kubectl --insecure-skip-tls-verify get pods\n    curl https://jumphost.planted.example/x")},
	{"internal by the settings", steps("- run: curl https://nexus.planted-settings.example/x")},
}

// networkLookalikes look like such signs and are none.
var networkLookalikes = []plantForm{
	{"loopback", steps("- run: curl http://localhost:80/ http://127.0.0.1/ http://127.9.9.9/ 'http://[::1]/' http://0.0.0.0:8080/")},
	{"Docker's hosts", steps("- run: curl http://host.docker.internal:80/ http://docker.for.mac.localhost/ http://172.17.0.1/")},
	{"cluster's own names", steps("- run: |\n    kind create cluster\n    curl https://kubernetes.default.svc.cluster.local/ https://api.default.svc.cluster.local/ http://172.18.0.3/")},
	{"metadata", steps("- run: curl http://169.254.169.254/latest/meta-data/ http://169.254.170.2/ http://metadata.google.internal/")},
	{"documentation", steps("- run: curl http://192.0.2.1/ http://198.51.100.7/ http://203.0.113.9/ 'http://[2001:db8::1]/'")},
	{"minikube and emulator", steps("- run: curl http://192.168.99.100:30000/ http://192.168.49.2/ http://10.0.2.2:8080/ http://10.0.2.15/")},
	{"network of the job's own", steps("- run: |\n    docker network create --subnet 10.66.0.0/24 planted\n    curl http://10.66.0.7/")},
	{"container of the job's own", steps("- run: |\n    docker run -d --name app.planted.local nginx\n    curl http://app.planted.local/")},
	{"hosts file", steps("- run: |\n    echo '127.0.0.1 app.planted.corp' | sudo tee -a /etc/hosts\n    curl http://app.planted.corp/")},
	{"resolved by hand", steps("- run: curl --resolve app.planted.corp:443:127.0.0.1 https://app.planted.corp/")},
	{"ranges", steps("- run: terraform plan -var cidr=10.0.0.0/16 -var other=192.168.0.0/24")},
	{"range in a variable", inJobEnvironment("PLANTED_ADDR", "10.0.0.0/16")},
	{"address in a variable of another name", inJobEnvironment("PLANTED_BIND", "10.0.0.1")},
	{"version", steps("- run: install-tool --version 10.0.0.1 tool@10.1.2.3 v10.2.3.4 lib==10.2.3.4 ruby:10.1.2.3")},
	{"version in a URL's path", steps("- run: curl -O https://planted.example/releases/10.0.0.1/tool-v10.0.0.1.tgz")},
	{"path .local", steps("- run: |\n    export PATH=$HOME/.local/bin:~/.local/bin:/usr/.local:$PATH\n    pip install --user x && ls ~/.local/lib")},
	{"file .local", steps("- run: cp .env.local settings.local && cat config.internal && docker-compose -f compose.local up -d")},
	{"package", steps("- run: go test planted.example/x/internal/... && mvn -pl com.corp.app test && javac com.planted.internal.Main")},
	{"mail address", steps("- run: |\n    git config user.email ci@planted.lan\n    git commit --author 'CI <ci@planted.corp>' -m x\n    ./notify.sh ops@planted.corp")},
	{"comment", steps("- run: |\n    # ssh -L 80:10.0.0.5:80 bastion && curl http://10.0.0.5/\n    make")},
	{"comment in YAML", steps("# curl http://10.0.0.5/ through the vpn\n- run: make")},
	{"printed", steps("- run: echo 'see http://10.0.0.5/ or ssh -J bastion app'; printf '%s\\n' http://wiki.planted.corp/")},
	{"written to a file for people", steps("- run: |\n    cat > notes.txt <<END\n    curl http://10.0.0.5/\n    END")},
	{"searched for", steps("- run: grep -r http://10.0.0.5/ . || true")},
	{"name of a step", steps("- run:\n    name: ssh -L to 10.0.0.5 by vpn\n    command: make")},
	{"data that is sent", steps("- run: |\n    curl -H 'Host: app.internal' -d '{\"url\": \"http://10.0.0.5/\"}' https://hooks.planted.example/")},
	{"firewall", steps("- run: sudo iptables -A OUTPUT -d 10.0.0.5 -j DROP && sudo ip addr add 10.6.0.1/24 dev dummy0")},
	{"clients installed", steps("- run: sudo apt-get install -y openvpn wireguard tailscale && openvpn --version && tailscale version")},
	{"client's help", steps("- run: which openconnect && wg-quick --help; ssh -V; autossh -V")},
	{"host in a variable", steps("- run: ssh ci@$DEPLOY_HOST true && curl https://$API_HOST/ && psql -h \"${DB_HOST}\" -c x")},
	{"plain ssh", steps("- run: ssh -p 22 -i key -o BatchMode=yes ci@www.planted.example ./deploy.sh -L x -J y")},
	{"public look-alikes", steps("- run: curl https://internal.planted.example/ https://local.planted.example/ https://corp.example.com/ https://10.planted.example/")},
	{"one weak name", steps("- run: ssh ci@bastion.planted.example ./deploy.sh")},
	{"endpoints alone", steps("- run: |\n    psql -h orders.abc123.eu-west-1.rds.amazonaws.com -c x\n    redis-cli -h carts.abc123.0001.euw1.cache.amazonaws.com ping")},
	{"public by the settings", steps("- run: curl https://status.planted-public.corp/ http://10.99.0.1/")},
	{"VPN orb that installs", withOrb("planted-mesh", "planted/tailscale@1.2.3", "- planted-mesh/install")},
	{"local by name of a cluster's Docker", steps("- run: curl http://gateway.docker.internal/ http://registry.k3d.internal:5000/")},
}

func inJobEnvironment(name, value string) func(*planting) bool {
	return func(p *planting) bool {
		j, ok := p.job()
		p.place = "job's environment"
		return ok && p.environment(j.Node, j.Node.Own("environment").Kind() == rewrite.Sequence, name, value)
	}
}

var makesCluster = regexp.MustCompile(`kind create|minikube|k3d|circleci/k3`)

// withoutCluster plants where no cluster is made in the config, whose certificate nobody vouches for either.
func withoutCluster(part string) func(*planting) bool {
	return func(p *planting) bool { return !makesCluster.Match(p.src) && p.steps(part) }
}

// TestPlantedNetworks plants each sign, and each look-alike, into real configs that have none. Every sign is found where
// it was planted and nowhere else, no look-alike is, and a fix moves just the jobs that run the place.
func TestPlantedNetworks(t *testing.T) {
	t.Parallel()
	soils := networkSoils(t)
	for _, group := range []struct {
		name  string
		forms []plantForm
		judge func(*planting) []string
	}{
		{"signs", networkForms, (*planting).judgeSign},
		{"look-alikes", networkLookalikes, (*planting).judgeLookalike},
	} {
		for _, form := range group.forms {
			t.Run(group.name+"/"+form.name, func(t *testing.T) {
				t.Parallel()
				planted := 0
				for p := range plants(soils, form, sown(plantedNetworks)) {
					planted++
					if wrong := group.judge(p); len(wrong) > 0 {
						t.Errorf("%s (%s): %s\nplanted:\n%s", p.name, p.place, strings.Join(wrong, "\n"), p.added())
					}
				}
				if planted == 0 {
					t.Error("no config has a place for it")
				}
			})
		}
	}
}

var otherShells = regexp.MustCompile(`(?i)powershell|pwsh|shell: .*(?:cmd|python|fish)`)

// networkSoils are configs without findings about networks whose jobs run on CircleCI's machines.
func networkSoils(t *testing.T) []*soil {
	t.Helper()
	soils := readSoils(t, func(s *soil) bool {
		return len(s.src) <= maxSoil/2 && !otherShells.Match(s.src) && !slices.ContainsFunc(s.config.Jobs(), onRunner) &&
			s.quiet(networkRules, networkPlantedFacts(""))
	})
	return soils[:min(plantedNetworks, len(soils))]
}

var networkRules = []*Rule{internalNetwork, allowlistedNetwork}

const plantedClass = "acme/planted"

func networkPlantedFacts(kind string) *Facts {
	return &Facts{
		Runner:  RunnerFacts{ResourceClass: plantedClass, Kind: kind},
		Network: NetworkFacts{Internal: []string{"*.planted-settings.example"}, Public: []string{"*.planted-public.corp", "10.99.0.0/16"}},
	}
}

func (p *planting) judgeLookalike() (wrong []string) {
	r := (&Engine{Rules: networkRules}).Run(p.out, networkPlantedFacts(""))
	if r.Err != nil {
		return []string{r.Err.Error()}
	}
	for _, x := range r.Results {
		wrong = append(wrong, x.Owner+": "+x.Message)
	}
	return wrong
}

// judgeSign looks at the finding and its fix, for a kind of runner that is drawn.
func (p *planting) judgeSign() (wrong []string) {
	kind := []string{"", "container", "machine"}[p.IntN(3)]
	if wrong = p.judgeMove(kind); len(wrong) > 0 {
		wrong = append(wrong, "with the kind of runner "+strconv.Quote(kind))
	}
	return wrong
}

func (p *planting) judgeMove(kind string) (wrong []string) {
	x := p.try(networkRules, networkPlantedFacts(kind))
	if len(x.Results) != 1 {
		x.complain("there are %d findings: %s", len(x.Results), p.judgeLookalike())
	}
	x.onlyWhere(p.planted)
	if x.fate == Applied {
		x.wrong = append(x.wrong, p.strayMoves(x.Output)...)
		x.noneLeft()
	}
	return x.wrong
}

// strayMoves are jobs that run elsewhere than they should after the fix: those that run the planted place are on the
// runner, all others where they were.
func (p *planting) strayMoves(output []byte) (wrong []string) {
	before, err := rewrite.Parse(p.out)
	if err != nil {
		return []string{err.Error()}
	}
	after, err := rewrite.Parse(output)
	if err != nil {
		return []string{err.Error()}
	}
	was, is := circle.New(before.Documents()[0]), circle.New(after.Documents()[0])
	users := map[string]bool{}
	for _, s := range p.planted {
		at := s.Start + len(p.out[s.Start:s.End]) - len(strings.TrimLeft(string(p.out[s.Start:s.End]), " -#"))
		for _, j := range was.UsersOf(before.Innermost(at)) {
			users[j.Name] = true
		}
	}
	for _, j := range was.Jobs() {
		class := is.JobByName(j.Name).ResourceClass().Value()
		switch {
		case users[j.Name] && class != plantedClass:
			wrong = append(wrong, "job "+j.Name+" runs the place and is not moved")
		case !users[j.Name] && class != j.ResourceClass().Value():
			wrong = append(wrong, "job "+j.Name+" does not run the place and is moved")
		}
	}
	return wrong
}
