// Command cfgfix finds insecure patterns in CircleCI configs and fixes them.
package main

import (
	"os"
	"runtime/debug"

	"cfgfix/cmd"
)

func main() {
	// A run lives for less than a second in most cases: collect little, but keep small over thousands of files.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(26 << 20)
	os.Exit(cmd.Main(os.Args[1:]))
}
