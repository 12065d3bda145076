// Command release writes the files of a release that are made from the command line: completions and man pages.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"cfgfix/cmd"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: release DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// write writes DIR/completions and DIR/man.
func write(dir string) error {
	completions, man := filepath.Join(dir, "completions"), filepath.Join(dir, "man")
	for _, d := range []string{completions, man} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	root := cmd.Root()
	for name, generate := range map[string]func(string) error{
		"cfgfix.bash": func(path string) error { return root.GenBashCompletionFileV2(path, true) },
		"_cfgfix":     root.GenZshCompletionFile,
		"cfgfix.fish": func(path string) error { return root.GenFishCompletionFile(path, true) },
		"cfgfix.ps1":  root.GenPowerShellCompletionFileWithDesc,
	} {
		if err := generate(filepath.Join(completions, name)); err != nil {
			return err
		}
	}
	return manual(root, man)
}

// manual writes a man page for each command. Its date is that of SOURCE_DATE_EPOCH, when it is set.
func manual(root *cobra.Command, dir string) error {
	root.DisableAutoGenTag = true
	return doc.GenManTree(root, &doc.GenManHeader{Title: "CFGFIX", Section: "1", Source: "cfgfix", Manual: "User Commands"}, dir)
}
