package fixes

// rules is the table of all rules, sorted by id.
var rules = []*Rule{
	allowlistedNetwork,
	awsImplicitKeys,
	awsStaticKeys,
	azureStaticSecret,
	ecrImageAuth,
	gcpImageAuth,
	gcpStaticKeys,
	inlineSecret,
	internalNetwork,
	missingContext,
	publishToken,
	suppression,
	unrestrictedContext,
	vaultStaticToken,
}

// All are the rules, sorted by id.
func All() []*Rule { return rules }

// ByID is the rule of that id, or nil.
func ByID(id string) *Rule {
	for _, r := range rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}
