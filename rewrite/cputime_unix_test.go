//go:build unix

package rewrite

import (
	"syscall"
	"time"
)

// cpuTime is how long the process has been at work: other processes do not count, as they do on a clock.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
