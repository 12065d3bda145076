package circle

import "cfgfix/rewrite"

// What a config may ask for: commands may call one another many times over. No real config comes near; see [Config.Err].
const (
	maxFlow      = 20000   // steps that a job runs
	maxFlows     = 1 << 20 // and all jobs together
	maxFlowDepth = 100
	maxPlaces    = 1 << 22 // that were visited to see who uses something
	maxLooks     = 1 << 21 // at a step, for a finding in a job that runs it
	maxVariables = 1 << 22 // in the environments of all jobs, those that they share counted for each
	maxImages    = 1 << 20 // in the docker lists of all jobs, likewise
)

// Err is a *[rewrite.LimitError] when something that was asked for is beyond a bound and was cut there: what is shown of the
// config must not be relied on.
func (c *Config) Err() error { return c.root.limit }

// within reports whether a number is within its bound, and notes when it is not.
func (c *Config) within(what string, n, bound int) bool {
	if n > bound {
		c.root.limit = &rewrite.LimitError{What: what, Bound: bound}
	}
	return n <= bound
}

// Look counts that somebody goes through the steps of a job for one finding. It is false when there are too many findings
// in jobs of too many steps, where he need not.
func (c *Config) Look(steps int) bool {
	c.root.looks += steps
	return c.within("number of steps that are looked at for findings in their jobs", c.root.looks, maxLooks)
}
