// Command floor reads the YAML files under a directory and parses them to nodes with yaml.v3: what every tool that uses
// this parser has to do at least. Package bench holds cfgfix to it.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"

	"gopkg.in/yaml.v3"
)

func main() {
	debug.SetGCPercent(400) // as cfgfix does
	debug.SetMemoryLimit(28 << 20)
	files := make(chan string)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for name := range files {
				parse(name)
			}
		})
	}
	for _, root := range os.Args[1:] {
		err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				files <- name
			}
			return err
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	close(files)
	workers.Wait()
}

// parse reads all documents of a file, up to the first that is no YAML.
func parse(name string) {
	src, err := os.ReadFile(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var doc yaml.Node
		if dec.Decode(&doc) != nil {
			return
		}
	}
}
