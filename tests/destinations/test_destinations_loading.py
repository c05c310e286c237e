"""Files of destinations: what they can say, each fault with its place, and no secret in any of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fireflower.destinations import Destination, load_destination, load_destinations
from fireflower.destinations.nodes import (
    Cap,
    Email,
    Filter,
    JsonLines,
    QuietHours,
    SlackChannel,
    SlackWebhook,
    Smtp,
    Webhook,
)  # fmt: skip
from fireflower.destinations.secret import Secret, SecretError
from fireflower.model.errors import DefinitionError
from fireflower.model.moments import DAY, SECOND

HEAD = "destination: d\n"
FILE = HEAD + "file: {path: x.jsonl}\n"


def loaded(text: str, **settings: object) -> Destination:
    return load_destination(text, **settings)  # type: ignore[arg-type]


def faults(text: str, **settings: object) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        load_destination(text, file="d.yaml", **settings)  # type: ignore[arg-type]
    return [f"{fault.line}:{fault.column} {fault.message}" for fault in caught.value.faults]


# --- What can be said -------------------------------------------------------------------------------------------------


def test_a_whole_one() -> None:
    found = loaded(
        """
destination: sales-slack
slack: {token: env:SLACK_TOKEN, channel: "#leads"}
when: {definitions: [team], change: [entered, left], subject: account}
message: |
  *{{ name }}* is {{ definition }}: {{ facts }}. Next: {{ next_step }}
cap: [{at_most: 1, per: 7 days}, {at_most: 50, per: 1 day, each: destination}]
quiet_hours: {from: "20:00", until: "08:00", timezone: Europe/Berlin, timezone_trait: account.timezone}
retractions: silent
"""
    )
    assert found == Destination(
        "sales-slack",
        SlackChannel(Secret("env", "SLACK_TOKEN"), "#leads"),
        Filter(("team",), ("entered", "left"), ("account",)),
        "*{{ name }}* is {{ definition }}: {{ facts }}. Next: {{ next_step }}\n",
        (Cap(1, 7 * DAY), Cap(50, DAY, "destination")),
        QuietHours(20 * 60, 8 * 60, "Europe/Berlin", "account.timezone"),
        "silent",
    )


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("webhook: {url: https://example.com/h, secret: env:S}", Webhook("https://example.com/h", (Secret("env",
         "S"),))),
        ("webhook: {url: env:URL, secret: [env:A, 'file:b'], timeout: 5 seconds, allow_private: true}",
         Webhook(Secret("env", "URL"), (Secret("env", "A"), Secret("file", "b", "p")), (), 5 * SECOND, True)),
        ("webhook: {url: https://example.com, secret: env:S, headers: {Authorization: env:T}}",
         Webhook("https://example.com", (Secret("env", "S"),), (("Authorization", Secret("env", "T")),))),
        ("webhook: {url: 'http://10.0.0.1:8080/h', secret: env:S, allow_private: true}",
         Webhook("http://10.0.0.1:8080/h", (Secret("env", "S"),), (), 15 * SECOND, True)),
        ("slack: {webhook: env:SLACK_URL}", SlackWebhook(Secret("env", "SLACK_URL"))),
        ("slack: {token: 'file:/run/secrets/slack', channel: account.owner_slack}",
         SlackChannel(Secret("file", "/run/secrets/slack", "p"), "account.owner_slack")),
        ("email: {to: person.email, from: ff@example.com, smtp: {host: mail.example.com}}",
         Email(("person.email",), "ff@example.com", Smtp("mail.example.com"))),
        ("email: {to: [a@x.com, account.owner_email], from: FF <ff@x.com>, subject: '{{ name }}', smtp: {host: m,"
         " encryption: tls, user: ff, password: env:P, timeout: 1 minute}}",
         Email(("a@x.com", "account.owner_email"), "FF <ff@x.com>",
               Smtp("m", 465, "tls", "ff", Secret("env", "P"), 60 * SECOND), "{{ name }}")),
        ("email: {to: a@x.com, from: ff@x.com, smtp: {host: m, port: 2525, encryption: none}}",
         Email(("a@x.com",), "ff@x.com", Smtp("m", 2525, "none"))),
        ("file: {path: out/d.jsonl}", JsonLines("p/out/d.jsonl")),
        ("file: {path: /var/d.jsonl}", JsonLines("/var/d.jsonl")),
    ],
)  # fmt: skip
def test_channels(text: str, channel: object) -> None:
    assert loaded(HEAD + text, project="p").channel == channel


def test_what_is_not_said() -> None:
    found = loaded(FILE + "quiet_hours: {from: '22:00', until: '6:30'}\n", timezone="Asia/Tokyo")
    assert found.when == Filter((), ("entered",), ()) and found.retractions == "tell" and not found.caps
    assert found.quiet_hours == QuietHours(22 * 60, 6 * 60 + 30, "Asia/Tokyo")


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1 the file is empty; expected a destination."),
        ("- a", "1:1 expected a destination as keys and values"),
        ("file: {path: x}", "1:1 a destination needs a name: `destination: sales-slack`."),
        (HEAD, "1:1 a destination needs one of webhook, slack, email or file: where to."),
        (HEAD + "slak: {}", "2:1 'slak' is no key of a destination. Did you mean 'slack'?"),
        (FILE + "webhook: {url: https://e.com, secret: env:S}",
         "3:1 a destination has one of webhook, slack, email or"),
        (HEAD + "slack: {channel: x}", "2:8 slack needs either 'webhook', or 'token' and 'channel'."),
        (HEAD + "slack: {token: env:T}", "2:8 slack with a 'token' needs the key 'channel'."),
        (HEAD + "slack: {token: env:T, channel: #leads\n}", "2:31 expected a channel such as \"#leads\", got nothing."),
        (HEAD + "slack: {webhook: env:T, channel: x}", "2:34 'channel' goes with 'token'; a webhook has its channel."),
        (HEAD + "webhook: {secret: env:S}", "2:10 a webhook needs the key 'url'."),
        (HEAD + "webhook: {url: https://e.com}", "2:10 a webhook needs the key 'secret'."),
        (HEAD + "webhook: {url: http://e.com, secret: env:S}",
         "2:16 expected https://: what is sent by http:// can be"),
        (HEAD + "webhook: {url: htps://e.com, secret: env:S}",
         "2:16 expected a URL that begins with https://. Did you"),
        (HEAD + "webhook: {url: https://127.1/, secret: env:S}",
         "2:16 127.1 is no public address. If it is meant, say"),
        (HEAD + "webhook: {url: https://localhost, secret: env:S}", "2:16 localhost is no public address."),
        (HEAD + "webhook: {url: 'https://[::1]/', secret: env:S}", "2:16 ::1 is no public address."),
        (HEAD + "webhook: {url: https://e.com, secret: []}", "2:39 expected at least one signing secret."),
        (HEAD + "webhook: {url: https://e.com, secret: env:S, headers: {webhook-id: env:X}}",
         "2:56 the header webhook-id is set by fireflower itself."),
        (HEAD + "webhook: {url: https://e.com, secret: env:S, timeout: 1 hour}", "2:55 expected a time-out between"),
        (HEAD + "webhook: {url: https://e.com, secret: env:S, allow_private: yes}", "2:61 expected true or false for"),
        (HEAD + "email: {to: a@x.com, from: b@x.com}", "2:8 email needs the key 'smtp'."),
        (HEAD + "email: {to: a, from: b@x.com, smtp: {host: m}}", "2:13 expected an address such as sales@example.com"),
        (HEAD + "email: {to: a@x.com, from: b@x.com, smtp: {host: m, encryption: ssl}}",
         "2:65 expected an encryption:"),
        (HEAD + "email: {to: a@x.com, from: b@x.com, smtp: {port: 1}}", "2:43 smtp needs the key 'host'."),
        (HEAD + "file: {}", "2:7 file needs the key 'path'."),
        (FILE + "when: {change: entred}",
         "3:16 expected a change: entered or left, got 'entred'. Did you mean 'entered'?"),
        (FILE + "when: {subject: [team]}", "3:18 expected a kind of subject: person or account, got 'team'."),
        (FILE + "when: {definitions: []}", "3:21 an empty list lets nothing through. Leave the key out for all."),
        (FILE + "cap: {at_most: 1}", "3:6 a cap needs the key 'per', as in {at_most: 1, per: 7 days}."),
        (FILE + "cap: {at_most: 0, per: 1 day}", "3:16 expected at_most as a whole number from 1 to 10000."),
        (FILE + "cap: {at_most: 1, per: 1 month}", "3:24 expected a span such as '7 days'"),
        (FILE + "quiet_hours: {from: '20:00'}", "3:14 quiet_hours needs the key 'until', as in {from: \"20:00\""),
        (FILE + "quiet_hours: {from: 8pm, until: '8:00'}", "3:21 expected a time from \"00:00\" to \"23:59\", got"),
        (FILE + "quiet_hours: {from: '8:00', until: '08:00'}", "3:36 these hours are none: they end when they begin."),
        (FILE + "quiet_hours: {from: '8:00', until: '9:00', timezone: Europe/Berln}",
         "3:54 there is no time zone 'Europe/Berln'. Did you mean 'Europe/Berlin'"),
        (FILE + "quiet_hours: {from: '8:00', until: '9:00', timezone_trait: timezone}",
         "3:60 expected a trait such as account.timezone, got 'timezone'."),
        (FILE + "retractions: no", "3:14 expected retractions: tell or silent, got 'no'."),
        (FILE + "message: ''", "3:10 expected a message, got ''."),
        (FILE + "message: '{{ nmae }}'", "3:14 there is no 'nmae' in a message. Did you mean 'name'?"),
        (FILE + "message: |\n  Hi\n  {{ facts | uper }}", "5:14 there is no filter 'uper'. Did you mean 'upper'"),
        (FILE + "message: |\n  Hi\n  {{ facts", "5:3 not readable as a template: "),
        (FILE + "message: '{% for f in evidence %}{{ f.sais }}{% endfor %}'",
         "3:11 it cannot be filled in: 'dict object'"),
        (FILE + "message: '{{ traits.plan > 3 }}'", "3:11 it cannot be filled in: '>' not supported"),
        (FILE + "message: '{{ url }}'\nfile: {path: y}",
         "4:1 the key 'file' is here twice; it first stands in line 2."),
    ],
)  # fmt: skip
def test_faults(text: str, fault: str) -> None:
    found = faults(text)
    assert any(each.startswith(fault) for each in found), found


def test_all_faults_at_once() -> None:
    assert len(faults("destination: a b\nslack: {tokn: x}\nwhen: {change: x}\nmessage: '{{ a }} {{ b }}'\nx: 1\n")) == 7


def test_definitions_are_known() -> None:
    assert faults(FILE + "when: {definitions: [team-redy]}", definitions=["team-ready", "other"]) == [
        "3:21 there is no definition 'team-redy'. Did you mean 'team-ready'?".replace("3:21", "3:22")
    ]


# --- Folders ----------------------------------------------------------------------------------------------------------


def test_a_project_without_destinations(tmp_path: Path) -> None:
    assert load_destinations(tmp_path) == ()


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "destinations"
    folder.mkdir()
    (folder / "b.yaml").write_text("destination: b\nfile: {path: b.jsonl}\n")
    (folder / "a.yml").write_text("destination: a\nfile: {path: a.jsonl}\n")
    (folder / "notes.txt").write_text("no destination")
    found = load_destinations(tmp_path)
    assert [each.name for each in found] == ["a", "b"]
    assert found[0].channel == JsonLines(str(tmp_path / "a.jsonl"))
    (folder / "c.yaml").write_text("destination: a\nfile: {path: c.jsonl}\n")
    (folder / "d.yaml").write_bytes(b"\xff\xfe")
    (folder / "e.yaml").mkdir()
    with pytest.raises(DefinitionError) as caught:
        load_destinations(tmp_path)
    assert [Path(fault.file).name for fault in caught.value.faults] == ["c.yaml", "d.yaml", "e.yaml"]
    assert re.search(r"c.yaml:1:1: error: a destination named 'a' is in .*a.yml already", str(caught.value))


# --- Secrets ----------------------------------------------------------------------------------------------------------

PLAIN = "hunter2-hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "slack: {webhook: https://hooks.slack.com/services/hunter2-hunter2}",
        "slack: https://hooks.slack.com/services/hunter2-hunter2",
        "slack: [hunter2-hunter2]",
        "slack: {token: hunter2-hunter2, channel: x}",
        "slack: {token: [hunter2-hunter2], channel: x}",
        "slack: {token: '$hunter2-hunter2', channel: x}",
        "slack: {token: 'env:hunter2-hunter2', channel: x}",
        "webhook: {url: https://e.com, secret: hunter2-hunter2}",
        "webhook: {url: https://e.com, secret: [hunter2-hunter2, 'whsec_hunter2-hunter2']}",
        "webhook: {url: 'https://u:hunter2-hunter2@e.com', secret: env:S}",
        "webhook: {url: [hunter2-hunter2], secret: env:S}",
        "webhook: {url: hunter2-hunter2, secret: env:S}",
        "webhook: {url: https://e.com, secret: env:S, headers: {Authorization: hunter2-hunter2}}",
        "webhook: {url: https://e.com, secret: env:S, headers: hunter2-hunter2}",
        "email: {to: a@x.com, from: b@x.com, smtp: {host: m, user: u, password: hunter2-hunter2}}",
        "email: {to: a@x.com, from: b@x.com, smtp: 'smtp://u:hunter2-hunter2@m'}",
    ],
)
def test_a_secret_that_is_written_out_is_a_fault_that_does_not_repeat_it(text: str) -> None:
    found = faults(HEAD + text)
    assert found and PLAIN not in "\n".join(found)


def test_secrets_are_read_when_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret("env", "FF_TEST_SECRET")
    with pytest.raises(SecretError, match="the secret env:FF_TEST_SECRET is not set"):
        secret.reveal()
    monkeypatch.setenv("FF_TEST_SECRET", PLAIN)
    assert secret.reveal() == PLAIN and PLAIN not in repr(secret) + str(secret)
    kept = Secret("file", "keys/slack", str(tmp_path))
    with pytest.raises(SecretError, match="the secret file:keys/slack is not there, or empty"):
        kept.reveal()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "slack").write_text(f"{PLAIN}\n")
    assert kept.reveal() == PLAIN
    (tmp_path / "keys" / "slack").write_bytes(b"\xff" + PLAIN.encode())
    with pytest.raises(SecretError) as caught:
        kept.reveal()
    assert PLAIN not in str(caught.value)
