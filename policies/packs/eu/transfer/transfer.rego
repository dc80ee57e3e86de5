package lexgate.packs.eu.transfer

import data.lexgate.facts
import data.lexgate.transfer

hits contains hit if {
	facts.origin in data.law.eu.members
	not facts.destination in data.law.eu.members
	facts.carries_personal
	some hit in transfer.hits("eu.transfer", data.law.eu.transfer, data.law.eu.switches)
}
