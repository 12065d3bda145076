package fixes

import (
	"strings"

	"cfgfix/fixes/internal/pattern"
)

var registryHost = pattern.New(`\b(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?`)

var ecrHost = pattern.New(`^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/`)

var roleARN = pattern.New(`^arn:(aws[a-z-]*):iam::(\d{12}):role/`)

// Partition is the part of AWS that a region is in, as ARNs name it. A region that is not known is in aws.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}
