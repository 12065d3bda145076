package shell

// Cache holds parsed scripts by their text, for those who read the same ones again.
type Cache map[string]*Script

// Parse is [Parse] for a text that may have been read before. It is nil when the text is no script that can be read.
func (c Cache) Parse(text string) *Script {
	script, known := c[text]
	if !known {
		script, _ = Parse(text) // what cannot be read is nil and stays so
		c[text] = script
	}
	return script
}
