//go:build !unix && !windows

package cmd

import "os"

// terminalWidth is not known here.
func terminalWidth(*os.File) int { return 0 }
