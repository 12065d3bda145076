package circle

import "cfgfix/rewrite"

// Command is one definition under commands, or a packed command.
type Command struct {
	Name  string        // "" for a packed command
	Entry rewrite.Entry // under commands; absent for a packed command
	Node  rewrite.Node  // the definition, resolved

	config     *Config
	steps      lazy[*StepList]
	parameters lazy[[]*Parameter]
}

func newCommand(c *Config, e rewrite.Entry) *Command {
	return &Command{Name: e.Name(), Entry: e, Node: e.Value().Resolve(), config: c}
}

// Key is the node of the command's name; absent for a packed command.
func (c *Command) Key() rewrite.Node { return c.Entry.Key() }

// Config is the config that defines the command.
func (c *Command) Config() *Config { return c.config }

// Get is the value of that key as written, merges included.
func (c *Command) Get(key string) rewrite.Node { return c.Node.Get(key) }

// Parameters are the command's own parameters.
func (c *Command) Parameters() []*Parameter {
	return c.parameters.get(func() []*Parameter { return parametersOf(c.Node, holder{config: c.config, Command: c}) })
}

// Steps is the command's step list, nil when it has none.
func (c *Command) Steps() *StepList {
	return c.steps.get(func() *StepList {
		if !c.Node.Get("steps").Exists() {
			return nil
		}
		return newStepList(c.Node, "steps", holder{config: c.config, Command: c})
	})
}

// Callers are the physical steps that call the command. [Step.Jobs] says which jobs a caller runs in.
func (c *Command) Callers() []*Step { return c.config.root.indexed().callers()[c] }

// command is the command that a name means here: one of this config, or alias/name of one of its inline orbs.
func (c *Config) command(name string) *Command {
	if cmd := c.CommandByName(name); cmd != nil {
		return cmd
	}
	if body, element := c.inOrb(name); body != nil {
		return body.CommandByName(element)
	}
	return nil
}
