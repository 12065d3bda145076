package circle

import "cfgfix/rewrite"

// DockerItem is one container of a docker list. The first of a list is where the steps run.
type DockerItem struct {
	Entry rewrite.Entry // in the list
	Node  rewrite.Node  // the item, resolved, also behind one that is only a merge
	Index int

	config      *Config
	environment lazy[Environments]
}

// dockerItems reads the value of a docker key. There are none when the jobs have too many.
func (c *Config) dockerItems(n rewrite.Node) []*DockerItem {
	list := n.Resolve()
	if list.Kind() != rewrite.Sequence {
		return nil
	}
	out, known := c.root.containers[list]
	if !known {
		for i, e := range list.Entries() {
			if item := soleSource(e.Value().Resolve()); item.Kind() == rewrite.Mapping {
				out = append(out, &DockerItem{Entry: e, Node: item, Index: i, config: c})
			}
		}
		c.root.containers[list] = out
	}
	c.root.images += len(out)
	if !c.within("number of images of all jobs", c.root.images, maxImages) {
		return nil
	}
	return out
}

// Get is the value of that key as written, merges included.
func (d *DockerItem) Get(key string) rewrite.Node { return d.Node.Get(key) }

// Image is the scalar with the image, resolved.
func (d *DockerItem) Image() rewrite.Node { return d.Node.Get("image").Resolve() }

// Name is the host name given to the container, "" for none.
func (d *DockerItem) Name() string { return d.Node.Get("name").Resolve().Value() }

// Auth is the block with a user and a password, resolved.
func (d *DockerItem) Auth() rewrite.Node { return d.Node.Get("auth").Resolve() }

// AWSAuth is the block for images in ECR, resolved.
func (d *DockerItem) AWSAuth() rewrite.Node { return d.Node.Get("aws_auth").Resolve() }

// GCPAuth is the block for images in Google's registries, resolved.
func (d *DockerItem) GCPAuth() rewrite.Node { return d.Node.Get("gcp_auth").Resolve() }

// Environment is what the container's own process gets; steps do not see it.
func (d *DockerItem) Environment() Environments {
	return d.environment.get(func() Environments { return d.config.environmentsOf(d.Node.Get("environment")) })
}
