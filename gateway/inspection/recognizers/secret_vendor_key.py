"""Keys that their vendors give a recognisable form: a table of prefixes, alphabets and lengths.

Each row: vendor, anchor (a literal start for the one-pass matcher), what follows as a Python expression. A value must
not go on behind its end, must not stand inside a longer word, and must not be a placeholder.
"""

from __future__ import annotations

import re

from gateway.inspection.checksums import crc_token, pypi_token
from gateway.inspection.entropy import changes, is_placeholder
from gateway.inspection.recognizer import Recognizer, shape

_B = r"[A-Za-z0-9_\-]"  # Base64url
_A = r"[A-Za-z0-9]"

KEYS: tuple[tuple[str, str, str], ...] = (
    ("openai, deepseek, moonshot, dashscope and their kin", r"sk-", rf"sk-{_B}{{20,220}}+"),
    ("anthropic", r"sk-ant-", rf"sk-ant-{_B}{{20,220}}+"),
    ("openrouter", r"sk-or-v1-", r"sk-or-v1-[0-9a-f]{64}"),
    ("aws access key", r"(AKIA|ASIA|ABIA|ACCA)", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    ("amazon bedrock", r"(ABSK|bedrock-api-key-)", r"(?:ABSK[A-Za-z0-9+/]{100,269}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{30,300})"),
    ("google api", r"(AIza|AQ\.Ab8)", rf"(?:AIza{_B}{{35}}|AQ\.Ab8{_B}{{40,60}})"),
    ("google oauth", r"(GOCSPX-|ya29\.|1//0)", rf"(?:GOCSPX-{_B}{{24,40}}|ya29\.{_B}{{30,300}}|1//0{_B}{{35,120}})"),
    ("azure client secret", r"[A-Za-z0-9_~.\-]{3}[0-9]Q~", r"[A-Za-z0-9_~.\-]{3}\dQ~[A-Za-z0-9_~.\-]{31,34}"),
    ("azure storage and functions", r"(JQQJ99|AzFu|\+AStA|AStA|ACDb|APIM|AzSe|AzCa)", r"(?:[A-Za-z0-9]{40,60}JQQJ99[A-Za-z0-9]{20,30}|[A-Za-z0-9/+]{30,90}(?:AzFu|\+AStA|AStA|ACDb|APIM|AzSe|AzCa)[A-Za-z0-9/+]{4,10}={0,2})"),
    ("aws session", r"(IQoJb3JpZ2lu|FwoGZXIvYXdz)", r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/=]{100,2000}+"),
    ("aliyun", r"LTAI", rf"LTAI{_A}{{12,24}}"),
    ("tencent cloud", r"AKID", rf"AKID{_A}{{13,40}}"),
    ("huawei, baidu, volcengine", r"(HPUA|bce-v3/|ALTAK|AKLT)", rf"(?:HPUA{_A}{{16,20}}|bce-v3/ALTAK-{_A}{{20,40}}/[0-9a-f]{{40}}|ALTAK{_A}{{21}}|AKLT{_A}{{30,60}})"),
    ("github", r"gh[opusr]_", rf"gh[opusr]_{_A}{{36,255}}"),
    ("github fine-grained", r"github_pat_", r"github_pat_\w{22,255}"),
    ("gitlab", r"(glpat|glptt|gldt|glrt|glft|glsoat|glcbt|glagent|glimt|glffct|gloas)-", rf"(?:glpat|glptt|gldt|glrt|glft|glsoat|glcbt|glagent|glimt|glffct|gloas)-{_B}{{20,64}}(?:\.[0-9a-z]{{2}}\.[0-9a-z]{{7,9}})?"),
    ("gitlab runner", r"GR1348941", rf"GR1348941{_B}{{20,24}}"),
    ("slack", r"xox[abeoprs]", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9\-]{10,255}"),
    ("slack app", r"xapp-", r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,80}"),
    ("slack and discord hooks", r"https://(hooks\.slack\.com/|discord(app)?\.com/api/webhooks/)", rf"https://(?:hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{{40,60}}|discord(?:app)?\.com/api/webhooks/\d{{17,20}}/{_B}{{60,80}})"),
    ("webhooks of DingTalk, WeCom, Feishu, Teams", r"https://(oapi\.dingtalk|qyapi\.weixin|open\.feishu|open\.larksuite)", r"https://(?:oapi\.dingtalk\.com/robot/send\?access_token=[0-9a-f]{64}|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[0-9a-f\-]{36}|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[0-9a-f\-]{36})"),
    ("stripe", r"(sk|rk|pk)_(live|test|prod)_", rf"(?:sk|rk|pk)_(?:live|test|prod)_{_A}{{10,247}}"),
    ("stripe webhook, clerk, generic", r"whsec_", r"whsec_[A-Za-z0-9+/]{24,80}={0,2}"),
    ("square", r"(EAAA|sq0)", rf"(?:EAAA[A-Za-z0-9+=_\-]{{58,64}}|sq0(?:atp|csp|idp)-{_B}{{22,60}})"),
    ("facebook", r"EAA[A-Z]", r"EAA[A-Z][A-Za-z0-9]{100,300}"),
    ("hugging face", r"(hf_|api_org_)", rf"(?:hf_|api_org_){_A}{{30,44}}"),
    ("replicate, groq, fireworks, perplexity, xai, together", r"(r8_|gsk_|fw_|pplx-|xai-|tgp_v1_)", rf"(?:r8_{_A}{{36,40}}|gsk_{_A}{{40,64}}|fw_{_A}{{20,40}}|pplx-{_A}{{40,60}}|xai-{_A}{{60,100}}|tgp_v1_{_B}{{40,60}})"),
    ("nvidia, cohere, voyage, jina, tavily, langsmith, pinecone", r"(nvapi-|co_|pa-|jina_|tvly-|lsv2_|pcsk_)", rf"(?:nvapi-{_B}{{60,80}}|pa-{_B}{{40,50}}|jina_{_B}{{50,70}}|tvly-(?:dev-|prod-)?{_A}{{28,40}}|lsv2_(?:pt|sk)_[0-9a-f]{{32}}_[0-9a-f]{{10}}|pcsk_{_B}{{60,80}})"),
    ("elevenlabs, cerebras, firecrawl, brave, siliconflow", r"(sk_[0-9a-f]{6}|csk-|fc-[0-9a-f]{6}|BSA|sk-[a-z]{8})", rf"(?:sk_[0-9a-f]{{48}}|csk-[a-z0-9]{{40,56}}|fc-[0-9a-f]{{32}}|BSA{_B}{{28}}|sk-[a-z]{{48}})"),
    ("buildkite, circleci", r"(bk(ua|at|ct|aj)_|CCIPAT_)", rf"(?:bk(?:ua|at|ct|aj)_[0-9a-f]{{40}}|CCIPAT_{_A}{{20,24}}_[0-9a-f]{{40}})"),
    ("twitter", r"AAAAAAAAAAAAAAAAAAA", r"A{19,22}[A-Za-z0-9%=]{60,120}"),
    ("npm, pypi, rubygems, crates, nuget, docker", r"(npm_|pypi-AgE|rubygems_|cio|oy2|dckr_(pat|oat)_)", rf"(?:npm_{_A}{{36}}|pypi-AgE{_B}{{50,250}}|rubygems_[0-9a-f]{{48}}|cio{_A}{{32}}|oy2[a-z0-9]{{43}}|dckr_(?:pat|oat)_{_B}{{27,32}})"),
    ("sendgrid", r"SG\.", rf"SG\.{_B}{{16,32}}\.{_B}{{32,64}}"),
    ("mailgun, mailchimp, brevo, resend, postmark", r"(\bkey-|xkeysib-|re_|xsmtpsib-)", rf"(?:key-[0-9a-f]{{32}}|xkeysib-[0-9a-f]{{64}}-{_A}{{16}}|xsmtpsib-[0-9a-f]{{64}}-{_A}{{16}}|re_{_A}{{8}}_{_A}{{24}})"),
    ("mailchimp", r"\b[0-9a-f]{32}-us", r"[0-9a-f]{32}-us\d{1,2}"),
    ("twilio", r"\b(SK|AC)[0-9a-f]{32}\b", r"(?:SK|AC)[0-9a-f]{32}"),
    ("telegram", r"\b[0-9]{8,10}:A", rf"\d{{8,10}}:A[A-Za-z]{_B}{{33}}"),
    ("discord", r"\b[MNO][A-Za-z0-9_\-]{23,25}\.[A-Za-z0-9_\-]{6}\.", rf"[MNO]{_B}{{23,25}}\.{_B}{{6}}\.{_B}{{27,38}}"),
    ("digitalocean, linode, hetzner, fly, render, railway", r"(do[opr]_v1_|fm[12][ar]?_|fo1_|FlyV1 |rnd_)", rf"(?:do[opr]_v1_[0-9a-f]{{64}}|fm[12][ar]?_[A-Za-z0-9+/=_\-]{{40,600}}|fo1_{_B}{{40,60}}|rnd_{_A}{{28,40}})"),
    ("shopify", r"shp(at|ss|ca|pa|tka)_", r"shp(?:at|ss|ca|pa|tka)_[0-9A-Fa-f]{32}"),
    ("heroku", r"HRKU-", rf"HRKU-{_B}{{36,70}}"),
    ("cloudflare", r"(v1\.0-|cfut_|cfat_)", rf"(?:v1\.0-[0-9a-f]{{24}}-[0-9a-f]{{146}}|cf[ua]t_{_B}{{40,60}})"),
    ("hashicorp", r"(hv[bsr]\.|\.atlasv1\.)", rf"(?:hv[bsr]\.{_B}{{24,300}}|{_A}{{14}}\.atlasv1\.{_B}{{60,70}})"),
    ("grafana", r"(glc_|glsa_|eyJrIjoi)", rf"(?:glc_[A-Za-z0-9+/]{{32,400}}={{0,2}}|glsa_{_A}{{32}}_[0-9A-Fa-f]{{8}}|eyJrIjoi[A-Za-z0-9]{{60,400}}={{0,2}})"),
    ("datadog, new relic, sentry, dynatrace, posthog", r"(NRAK-|NRJS-|NRII-|sntrys_|sntryu_|dt0c01\.|ph[cx]_|ddapp_)", rf"(?:NRAK-{_A}{{27}}|NRJS-[0-9a-f]{{19}}|NRII-{_B}{{32}}|sntrys_[A-Za-z0-9+/=_\-]{{60,400}}+|sntryu_[0-9a-f]{{64}}|dt0c01\.[A-Z0-9]{{24}}\.[A-Z0-9]{{64}}|ph[cx]_{_A}{{40,50}})"),
    ("databricks", r"dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("atlassian, bitbucket, jira", r"(ATATT3|ATCTT3|ATBB|BBDC-)", rf"(?:ATATT3{_B}{{40,250}}={{0,2}}{_A}{{0,8}}|ATCTT3{_B}{{40,250}}={{0,2}}{_A}{{0,8}}|ATBB{_A}{{24,32}}|BBDC-[A-Za-z0-9+/@_\-]{{40,50}})"),
    ("notion, airtable, asana, linear, figma, postman, intercom", r"(ntn_|secret_|pat|lin_api_|fig[dour]_|PMAK-|dG9rO)", rf"(?:ntn_\d{{11}}{_A}{{32,35}}|secret_{_A}{{43}}|pat{_A}{{14}}\.[0-9a-f]{{64}}|lin_api_{_A}{{40}}|fig[dour]_{_B}{{40,60}}|PMAK-[0-9a-f]{{24}}-[0-9a-f]{{34}}|dG9rO{_A}{{50,60}}={{0,2}})"),
    ("1password", r"(ops_eyJ|A3-)", r"(?:ops_eyJ[A-Za-z0-9+/]{200,1200}={0,3}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5})"),
    ("sourcegraph", r"sgp_", r"sgp_(?:(?:[0-9A-Fa-f]{16}|local)_)?[0-9A-Fa-f]{40}"),
    ("sourcegraph cody, infracost, readme, prefect, pulumi, doppler", r"(slk_|ico-|rdme_|pnu_|pul-|dp\.(pt|st|ct|sa|scim|audit)\.)", rf"(?:slk_[0-9a-f]{{64}}|ico-{_A}{{32}}|rdme_[a-z0-9]{{70}}|pnu_{_A}{{36}}|pul-[0-9a-f]{{40}}|dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9\-_]{{2,35}}\.)?{_A}{{40,44}})"),
    ("planetscale, supabase, neon, vercel, clerk, expo, convex", r"(pscale_|sbp_|sb_secret_|napi_|vck_|vcp_|sk_live_|EXPO_)", rf"(?:pscale_(?:tkn|oauth|pw)_[A-Za-z0-9=._\-]{{32,64}}|sbp_[0-9a-f]{{40}}|sb_secret_{_B}{{31,46}}|napi_[a-z0-9]{{60,70}}|vc[kp]_{_A}{{40,70}})"),
    ("duffel, easypost, frameio, flutterwave, shippo, lob, checkout", r"(duffel_|EZ[AT]K|fio-u-|FLWSECK|shippo_|(live|test)_pub_|(live|test)_[0-9a-f]{35})", rf"(?:duffel_(?:test|live)_{_B}{{43}}|EZ[AT]K{_A}{{54}}|fio-u-{_B}{{64}}|FLWSECK(?:_TEST)?-[0-9A-Za-z]{{32}}-X|shippo_(?:live|test)_[0-9a-fA-F]{{40}}|(?:live|test)_pub_[0-9a-f]{{31}}|(?:live|test)_[0-9a-f]{{35}})"),
    ("adobe, alibaba, age, artifactory, scalingo, typeform, settlemint, sidekiq, contentful", r"(p8e-|AGE-SECRET-KEY-1|AKCp|cmVmdGtu|tk-us-|tfp_|sm_(pat|aat|sat)_|CFPAT-|ltai)", rf"(?:p8e-{_A}{{32}}|AGE-SECRET-KEY-1[0-9A-Z]{{58}}|AKCp{_A}{{69}}|cmVmdGtu{_A}{{56}}|tk-us-{_B}{{48}}|tfp_{_B}{{40,59}}|sm_(?:pat|aat|sat)_{_A}{{16}}|CFPAT-{_B}{{43}}|ltai[a-z0-9]{{20}})"),
    ("intra42, openshift, kubernetes, teleport, tailscale", r"(s-s4t2(ud|af)-|sha256~|tskey-)", rf"(?:s-s4t2(?:ud|af)-[0-9a-f]{{64}}|sha256~{_B}{{43}}|tskey-[a-z]{{2,10}}-{_A}{{8,20}}-?{_A}{{20,40}})"),
    ("cloudinary, mapbox, algolia, octopus, beamer, plaid", r"(pk\.eyJ|sk\.eyJ|API-|b_[A-Za-z0-9=_\-]{44}|access-(sandbox|development|production)-)", rf"(?:[ps]k\.eyJ{_B}{{40,120}}\.{_B}{{20,30}}|API-[A-Z0-9]{{26}}|access-(?:sandbox|development|production)-[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"),
    ("harness, mercadopago, paypal, razorpay, coinbase", r"(pat\.|sat\.|APP_USR-|TEST-[0-9]|rzp_(live|test)_|access_token\$)", rf"(?:[ps]at\.{_B}{{22}}\.[0-9a-f]{{24}}\.{_A}{{20}}|(?:APP_USR|TEST)-\d{{10,20}}-\d{{6}}-[0-9a-f]{{32}}-?\d{{6,12}}|rzp_(?:live|test)_{_A}{{14,24}}|access_token\$(?:production|sandbox)\$[0-9a-z]{{16}}\$[0-9a-f]{{32}})"),
)  # fmt: skip


PUBLISHED = frozenset(
    """
    AIzaSyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs AIzaSyCkEhVjf3pduRDt6d1yKOMitrUEke8agEM AIzaSyDMAScliyLx7F0NPDEJi1QmyCgHIAODrlU
    AIzaSyD3asb-2pEZVqMkmL6M9N6nHZRR_znhrh0 AIzayDNSXIbFmlXbIE6mCzDLQAqITYefhixbX4A AIzaSyAdOS2zB6NCsk1pCdZ4-P6GBdi_UUPwX7c
    AIzaSyASWm6HmTMdYWpgMnjRBjxcQ9CKctWmLd4 AIzaSyANUvH9H9BsUccjsu2pCmEkOPjjaXeDQgY AIzaSyA5_iVawFQ8ABuTZNUdcwERLJv_a_p4wtM
    AIzaSyA4UrcGxgwQFTfaI3no3t7Lt1sjmdnP5sQ AIzaSyDSb51JiIcB6OJpwwMicseKRhhrOq1cS7g AIzaSyBF2RrAIm4a0mO64EShQfqfd2AFnzAvvuU
    AIzaSyBcE-OOIbhjyR83gm4r2MFCu4MJmprNXsw AIzaSyB8qGxt4ec15vitgn44duC5ucxaOi4FmqE AIzaSyA8vmApnrHNFE0bApF4hoZ11srVL_n0nvY
    """.split()  # noqa: SIM905  a table
)
"""Keys of Google's published examples (firebase-android-sdk): they open nothing, and everybody has them."""

SURE = 0.96
_ANTHROPIC = re.compile(rf"sk-ant-(?:api|admin)\d\d-{_B}{{93}}AA")
_LETTERS = re.compile(r"sk-(?!([a-z])\1{5})[a-z]{48}")
"""SiliconFlow's: small letters only, more than any word has."""
_LIVELY = 0.35
"""Changes of case in a key of Anthropic's that has not its exact form: fewer, and it is made up."""
_CRC = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_")


def is_key(value: str) -> float | bool:
    """Not a placeholder, and random: a digit somewhere, or case that changes as no word's does.

    Tokens that carry a checksum are certain if it holds. If it does not they count all the same: a mistyped key, or one
    of another issuer with the same form, is better taken out.
    """
    if _LETTERS.fullmatch(value):
        return SURE
    value = value.replace("sk-None-", "sk-", 1)  # OpenAI's keys of projects without a name
    if value in PUBLISHED or not ((any(map(str.isdigit, value)) or changes(value) > 0.3) and not is_placeholder(value)):
        return False
    if value.startswith("sk-ant-") and changes(value) < _LIVELY and _ANTHROPIC.fullmatch(value) is None:
        return False
    checked = crc_token(value) if value.startswith(_CRC) else pypi_token(value) if value.startswith("pypi-") else False
    return 1.0 if checked else SURE


_RIGHT = r"(?![A-Za-z0-9])"
UNANCHORED = frozenset({"azure storage and functions", "hashicorp"})
"""Vendors whose mark stands inside the value, so that the match begins before the anchor."""


def bounded(expression: str) -> str:
    """A key's expression that does not begin or end inside a longer word."""
    left = r"(?<![A-Za-z0-9_~.\-])" if expression.startswith("[A-Za-z0-9_~.") else r"(?<![A-Za-z0-9])"
    return f"{left}(?:{expression}){_RIGHT}"


RECOGNIZER = Recognizer(
    "vendor_key",
    "API_KEY",
    tuple(
        shape(
            anchor,
            bounded(expression),
            check=is_key,
            score=SURE,
            lead=96 if vendor in UNANCHORED else 0,
        )
        for vendor, anchor, expression in KEYS
    ),
    guarded=True,
)
