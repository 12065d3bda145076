package fixes

import (
	"strings"

	"cfgfix/fixes/internal/pattern"
)

// atAWS reports whether a text, such as the address of a service, names a host of AWS.
func atAWS(text string) bool { return strings.Contains(text, "amazonaws.com") }

// registryHost is the host of a registry in ECR anywhere in a text, with its account and its region.
var registryHost = pattern.New(`\b(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?`)

// ecrHost is the host that the name of an image in ECR begins with, with the same.
var ecrHost = pattern.New(`^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/`)

// roleARN is how the ARN of a role begins, with its partition and its account.
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
