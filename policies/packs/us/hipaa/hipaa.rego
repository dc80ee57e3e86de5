package lexgate.packs.us.hipaa

import data.lexgate.facts

law := data.law.us.hipaa

hits contains object.union(facts.protect, {
	"id": "us.hipaa",
	"citation": law.citation,
	"message": "protected health information goes to a vendor only under a business associate contract",
	"remedy": sprintf("give the provider the certification %s once the contract is signed, or take out the identifiers that Safe Harbor names", [law.certification]),
}) if {
	facts.origin == "US"
	facts.in_force(law)
	protected
	facts.carries_personal
	not agreed
}

protected if input.data.phi

protected if {
	input.organisation.hipaa
	input.data.subjects.health > 0
}

protected if {
	input.organisation.hipaa
	"health" in input.data.categories
}

agreed if law.certification in input.destination.certifications

agreed if law.mechanism in input.mechanisms
