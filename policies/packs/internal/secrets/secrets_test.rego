package lexgate.tests.internal.secrets

import data.lexgate.packs.internal.secrets
import data.lexgate.sample

test_a_key_is_redacted_at_home if {
	hits := secrets.hits with input as sample.call({"data": {"entities": {"API_KEY": 1}}})
	hits[_].redact == {"API_KEY": "placeholder"}
	count(hits) == 1
}

test_a_name_is_no_secret if {
	hits := secrets.hits with input as sample.call({"data": {"entities": {"PERSON": 1}}})
	count(hits) == 0
}

test_a_count_of_zero_is_nothing if {
	hits := secrets.hits with input as sample.call({"data": {"entities": {"JWT": 0}}})
	count(hits) == 0
}
