// Command cfgfix finds insecure patterns in CircleCI configs and fixes them.
package main

import (
	"os"

	"cfgfix/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:])) }
