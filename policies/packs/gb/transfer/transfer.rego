package lexgate.packs.gb.transfer

import data.lexgate.facts
import data.lexgate.transfer

hits contains hit if {
	facts.origin == "GB"
	facts.destination != "GB"
	facts.carries_personal
	some hit in transfer.hits("gb.transfer", data.law.gb.transfer, data.law.gb.switches)
}
