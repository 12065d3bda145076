//go:build unix

package cmd

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner and group of like, as far as that is allowed.
func keepOwner(f *os.File, like fs.FileInfo) {
	want, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if f.Chown(int(want.Uid), int(want.Gid)) != nil {
		// Only root gives files away, but the group may be one of the user's own.
		_ = f.Chown(-1, int(want.Gid))
	}
}
