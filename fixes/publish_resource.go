package fixes

// publishers are the registries that have to trust the project.
func (b *publishFix) publishers() []Resource {
	var out []Resource
	for _, f := range b.group {
		for _, u := range b.view.unitsOf(f) {
			for _, contexts := range orOne(u.entries, u.contexts) {
				p := &TrustedPublisher{Use: f.use(u, contexts), Registry: b.publish.facts[f].registry.String()}
				if b.publish.kept(f) {
					p.KeyVars = nil // the variable stays, with another token
				}
				out = append(out, p)
			}
		}
	}
	return out
}
