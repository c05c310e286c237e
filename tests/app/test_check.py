"""What becomes of the tests that definitions carry."""

from __future__ import annotations

from fireflower.app.check import failed_tests
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Settings

HEAD = "definition: d\nsubject: account\nvalue: did(Login)\ntests:\n"


def failures(test: str, settings: Settings = Settings()) -> list[str]:  # noqa: B008
    return [fault.message for fault in failed_tests((load_definition(HEAD + test, settings),), settings)]


def test_a_subject_that_the_history_does_not_name_is_told() -> None:
    typo = "  - {name: n, subject: bbo, history: [{at: day 1, account: bob, event: Login}], expect: never}\n"
    assert failures(typo) == ["test 'n' of 'd': there is no account 'bbo' in its history. Did you mean 'bob'?"]


def test_an_id_is_the_text_that_is_written() -> None:
    for written in ("007", "12e3", "1_000", "true"):
        line = f"{{at: day 1, account: {written}, event: Login}}"
        assert not failures(f"  - {{history: [{line}], expect: [entered: day 1]}}\n")


def test_addresses_name_accounts_as_they_do_on_import() -> None:
    test = """\
  - name: n
    subject: acme.io
    history:
      - {at: day 0, person: ann, traits: {email: ann@acme.io}}
      - {at: day 0, person: bob, traits: {email: bob@partner.com}}
      - {at: day 1, person: ann, event: Login}
    expect: [entered: day 1]
"""
    named = Settings(account_email="email", shared_domains=("partner.com",))
    assert not failures(test, named)
    assert failures(test) == ["test 'n' of 'd': there is no account 'acme.io' in its history."]
    shared = test.replace("subject: acme.io", "subject: partner.com")
    assert failures(shared, named) == ["test 'n' of 'd': there is no account 'partner.com' in its history."]
