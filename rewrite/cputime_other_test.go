//go:build !unix

package rewrite

import "time"

var started = time.Now()

// cpuTime is what a clock shows where the system does not tell how long a process was at work.
func cpuTime() time.Duration { return time.Since(started) }
