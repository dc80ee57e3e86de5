"""From claims to a principal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated
from gateway.identity.claims import principal_of
from tests.gateway.identity.issuer import claims, settings


def mapped(said, **issuer):
    configured = settings(**issuer)
    return principal_of(said, configured.issuers[0], {item.name: item for item in configured.applications})[0]


def test_the_mapping_as_it_comes():
    who = mapped(claims())
    assert (who.tenant, who.application, who.user, who.country, who.purpose) == (
        "acme",
        "crm",
        "li.wei",
        "DE",
        "support",
    )
    assert len(who.key_id) == 16


def test_constants_nested_claims_and_names_of_applications():
    who = mapped(
        {"sub": "x", "address": {"country": "FR"}, "client": "0oa1", "why": "hiring_people"},
        application="claim:client", application_names={"0oa1": "shop"}, country="claim:address.country",
        region="QC", purpose="claim:why",
    )  # fmt: skip
    assert (who.application, who.country, who.region, who.purpose) == ("shop", "FR", "QC", "hiring_people")


def test_a_claim_whose_name_is_a_uri_is_taken_whole():
    said = claims(country=None) | {"https://lexgate.example.org/country": "IT", "https://lexgate": {"country": "US"}}
    assert mapped(said, country="claim:https://lexgate.example.org/country").country == "IT"
    with pytest.raises(Unauthenticated, match="country"):
        mapped({"https://a": {"b/c": "IT"}} | claims(), country="claim:https://a.b/c")


def test_a_tenant_that_is_not_the_applications():
    assert mapped(claims(), tenant="claim:org").tenant == "acme"
    with pytest.raises(Unauthenticated, match="tenant"):
        mapped(claims(org="globex"), tenant="claim:org")


def test_one_user_of_one_issuer_is_one_principal_and_no_other():
    ids = {mapped(said).key_id for said in (claims(), claims(exp=1), claims(sub="other"), claims(azp="shop"))}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"azp": None}, "application"),
        ({"azp": "unknown"}, "application"),
        ({"azp": ["crm"]}, "application"),
        ({"sub": None}, "user"),
        ({"sub": ""}, "user"),
        ({"sub": "a\nb"}, "user"),
        ({"sub": "li.wei\u202egnp"}, "user"),
        ({"sub": "li\u200b.wei"}, "user"),
        ({"sub": "x" * 129}, "user"),
        ({"sub": 7}, "user"),
        ({"country": "de"}, "country"),
        ({"country": "Germany"}, "country"),
        ({"country": None}, "country"),
    ],
)
def test_what_is_missing_or_odd_is_refused_without_being_quoted(said, about):
    with pytest.raises(Unauthenticated, match=about) as refused:
        mapped(claims(**said))
    assert "unknown" not in refused.value.message


@pytest.mark.parametrize("purpose", ["Write me a poem", "legal_obligation_necessary", "x" * 40])
def test_a_purpose_is_a_name_and_a_legal_ground_only_where_the_application_has_it(purpose):
    with pytest.raises(Unauthenticated, match="purpose"):
        mapped(claims(why=purpose), purpose="claim:why")
    assert mapped(claims(why="contract_performance_necessary"), purpose="claim:why").purpose


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["azp", "sub", "country", "org", "why", "address"]), json))
def test_any_claims_give_a_principal_of_a_known_tenant_or_are_refused(said):
    try:
        who = mapped(said, tenant="claim:org", purpose="claim:why")
    except Unauthenticated:
        return
    assert (who.tenant, who.application) in {("acme", "crm"), ("globex", "shop")}
    assert said["org"] == who.tenant
