package lexgate.packs.ru.citizens

import data.lexgate.facts

law := data.law.ru

russian if facts.origin == "RU"

russian if "RU" in input.data.citizens

abroad if {
	russian
	facts.destination != "RU"
	facts.carries_personal
}

# Unknown retention is storage.
default stores := true

stores := false if input.destination.retention_days == 0

hits contains object.union(at_home, {
	"id": "ru.localisation",
	"citation": law.localisation.citation,
	"message": "personal data of Russian citizens is not collected into databases outside Russia",
	"remedy": "use a provider in Russia, or one that is configured to keep nothing (retention_days: 0)",
}) if {
	abroad
	facts.in_force(law.localisation)
	input.data.collecting
	stores
}

hits contains object.union(facts.protect, {
	"id": "ru.notification",
	"citation": law.notification.citation,
	"message": "a cross-border transfer from Russia is notified to the regulator first",
	"remedy": sprintf("record the notification as the mechanism %s, or use a provider in Russia", [law.notification.mechanism]),
}) if {
	abroad
	facts.origin == "RU"
	facts.in_force(law.notification)
	not law.notification.mechanism in input.mechanisms
}

hits contains {
	"id": "ru.notification",
	"effect": "log",
	"log": "full",
	"mechanism": law.notification.mechanism,
	"citation": law.notification.citation,
	"message": "the cross-border transfer from Russia is notified",
	"remedy": "nothing to do",
} if {
	abroad
	law.notification.mechanism in input.mechanisms
}

at_home := {"effect": "route", "route": ["RU"]}
