package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// standIns are the programs that scripts are run with in the tests: links to the test itself, which records how it was
// called and does what little a script needs to go on.
var standIns = map[string]func(args []string) (code int){
	"any": nothing, "aws": nothing, "az": nothing, "docker": nothing, "npm": nothing, "pip": nothing, "python": nothing, "python3": nothing, "twine": nothing, "git": nothing,
	"gcloud": gcloud, "vault": vault, "curl": curl, "wget": nothing, "jq": jq, "circleci": circleci,
}

// utilities are the programs of the machine that scripts are run with. There are no others: what a machine happens to
// have, such as npx, would do what the script says.
var utilities = []string{
	"awk", "base64", "basename", "bash", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "grep", "gunzip", "gzip", "head", "ls", "mkdir", "mktemp", "mv",
	"printenv", "rm", "sed", "sh", "sort", "tail", "tee", "test", "touch", "tr", "uniq", "wc", "xargs",
}

func TestMain(m *testing.M) {
	if run := standIns[filepath.Base(os.Args[0])]; run != nil {
		os.Exit(standIn(run))
	}
	os.Exit(m.Run())
}

// called is one call of a stand-in.
type called struct {
	Name string
	Args []string
	Env  map[string]string // of the variables below, those that are set
}

// recorded are the variables by which programs get credentials.
var recorded = []string{"NPM_ID_TOKEN", "NODE_AUTH_TOKEN", "NPM_TOKEN", "TWINE_USERNAME", "TWINE_PASSWORD", "TWINE_REPOSITORY_URL", "VAULT_TOKEN", "VAULT_ADDR", "GOOGLE_APPLICATION_CREDENTIALS"}

// The variables of the stand-ins' own.
const (
	callsVar = "STANDIN_CALLS" // the file that calls are written to
	failVar  = "STANDIN_FAIL"  // the number of the call that fails, "" for none
)

// input is what the program is given. It is read before the call is recorded: then the calls of a pipeline are recorded
// one by one, in its order.
var input []byte

// standIn records the call, and fails or runs.
func standIn(run func(args []string) int) int {
	c := called{Name: filepath.Base(os.Args[0]), Args: os.Args[1:], Env: map[string]string{}}
	for _, name := range recorded {
		if value, ok := os.LookupEnv(name); ok {
			c.Env[name] = value
		}
	}
	var err error
	if input, err = io.ReadAll(os.Stdin); err != nil {
		return 99
	}
	before, _ := os.ReadFile(os.Getenv(callsVar))
	line, err := json.Marshal(c)
	if err == nil {
		err = os.WriteFile(os.Getenv(callsVar), append(append(before, line...), '\n'), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	if fmt.Sprint(bytes.Count(before, []byte("\n"))) == os.Getenv(failVar) {
		return 1
	}
	return run(c.Args)
}

func nothing([]string) int { return 0 }

// gcloud writes the file that it is asked for.
func gcloud(args []string) int {
	for _, a := range args {
		if name, ok := strings.CutPrefix(a, "--output-file="); ok && os.WriteFile(name, []byte("{}"), 0o600) != nil {
			return 1
		}
	}
	return 0
}

// circleci answers with a token that tells for whom it is made.
func circleci(args []string) int {
	var claims struct{ Aud string }
	if len(args) != 5 || !slices.Equal(args[:4], []string{"run", "oidc", "get", "--claims"}) || json.Unmarshal([]byte(args[4]), &claims) != nil {
		return 2
	}
	fmt.Println("token for " + claims.Aud)
	return 0
}

// vault logs in at the server as Vault's program does, and puts out the token.
func vault(args []string) int {
	if len(args) < 2 || args[0] != "write" {
		return 0
	}
	path, body := "", map[string]string{}
	for _, a := range args[1:] {
		name, value, assigned := strings.Cut(a, "=")
		switch {
		case strings.HasPrefix(a, "-"):
		case path == "":
			path = a
		case assigned:
			body[name] = value
		}
	}
	data, _ := json.Marshal(body)
	answer, ok := send(http.MethodPut, os.Getenv("VAULT_ADDR")+"/v1/"+path, data)
	if !ok {
		return 2
	}
	if slices.Contains(args, "-format=json") {
		fmt.Println(answer)
		return 0
	}
	return clientToken(strings.NewReader(answer))
}

// curl sends what it is told to.
func curl(args []string) int {
	var url, data string
	method := http.MethodGet
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--request" || a == "-X":
			i++
			method = args[i]
		case a == "--data" || a == "-d":
			i++
			data, method = args[i], http.MethodPost
		case a == "-H" || a == "--header" || a == "-o":
			i++
		case !strings.HasPrefix(a, "-"):
			url = a
		}
	}
	answer, ok := send(method, url, []byte(data))
	if !ok {
		return 22
	}
	fmt.Println(answer)
	return 0
}

func send(method, url string, data []byte) (answer string, ok bool) {
	request, err := http.NewRequest(method, url, bytes.NewReader(data))
	if err != nil {
		return "", false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", false
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err == nil && response.StatusCode == http.StatusOK
}

// jq reads the one thing that scripts ask for.
func jq(args []string) int {
	if !slices.Contains(args, ".auth.client_token") {
		fmt.Println("value")
		return 0
	}
	return clientToken(bytes.NewReader(input))
}

func clientToken(r io.Reader) int {
	var answer struct {
		Auth struct {
			ClientToken string `json:"client_token"`
		}
	}
	if json.NewDecoder(r).Decode(&answer) != nil || answer.Auth.ClientToken == "" {
		return 1
	}
	fmt.Println(answer.Auth.ClientToken)
	return 0
}
