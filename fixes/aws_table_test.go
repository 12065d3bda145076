package fixes

import (
	"testing"

	"cfgfix/fixes/internal/shell"
)

func TestTooOld(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"pip install awscli==1.16.43":                   "awscli==1.16.43",
		"sudo pip3 install --upgrade awscli==1.16.232":  "",
		"pip install awscli":                            "",
		"pip install 'awscli>=1.16.43'":                 "",
		"pip install awscli==1.16.*":                    "",
		"pip install awscli==1.15.*":                    "awscli==1.15.*",
		"pip install awscli~=1.16.43":                   "",
		"pip install awscli~=1.15.43":                   "awscli~=1.15.43",
		"pip install awscli~=1.15":                      "",
		"pip install 'awscli<1.16.232'":                 "awscli<1.16.232",
		"pip install 'awscli<1.17'":                     "",
		"pip install 'awscli>=1.11,<1.16'":              "awscli>=1.11,<1.16",
		"pip install 'awscli<=1.16.231'":                "awscli<=1.16.231",
		"python3 -m pip install requests boto3==1.9.42": "boto3==1.9.42",
		"pip install botocore==$VERSION":                "",
		"pip install awscli-local==0.4":                 "",
		"pip download awscli==1.16.43":                  "",
	} {
		script, err := shell.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := tooOld(script.Calls()[0]); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestPackagesCLI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		image, text string
		want        bool
	}{
		{"debian:buster", "apt-get install -y awscli", true},
		{"circleci/python:3.7-stretch", "sudo apt-get install awscli", true},
		{"ubuntu:16.04", "apt install awscli", true},
		{"ubuntu:18.04", "apt install awscli", false},
		{"ubuntu:22.04", "apt install awscli", false},
		{"acme/tools:18.04", "apt install awscli", false},
		{"debian:buster", "pip install awscli", false},
		{"debian:buster", "apt-get install -y curl", false},
		{"debian", "apt-get install awscli", false},
		{"", "apt-get install awscli", false},
	} {
		script, err := shell.Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := packagesCLI(script.Calls()[0], tt.image); got != tt.want {
			t.Errorf("%s in %q: got %v", tt.text, tt.image, got)
		}
	}
}
