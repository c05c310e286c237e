"""Templates: what they can say, and that nothing gets out of them, neither Python nor time nor memory."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from destinations.notices_sample import notice
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.destinations.escaping import for_slack, plain
from fireflower.destinations.messages import NAMES, message_of, values_of
from fireflower.destinations.samples import SAMPLES
from fireflower.destinations.templates import FILTERS, LONGEST_OUTPUT, TemplateFault, compiled, faults

ESCAPES = [
    "{{ ''.__class__ }}", "{{ ''['__class__'] }}", "{{ ''|attr('__class__') }}", "{{ name.__class__.__mro__ }}",
    "{{ [].__class__.__base__.__subclasses__() }}", "{{ config }}", "{{ self }}", "{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{{ lipsum.__globals__ }}", "{{ joiner() }}",
    "{{ namespace() }}", "{{ ().__class__ }}", "{{ name.format }}", "{{ '{0.__class__}'.format(name) }}",
    "{{ '{0.__class__}'|format(name) }}", "{{ '%s'|format(name) }}", "{{ name.join }}", "{{ traits }}",
    "{{ evidence }}", "{{ evidence[0] }}",
    "{{ name.upper() }}",
    "{{ evidence.append(1) }}", "{{ traits.update({}) }}", "{{ traits.clear() }}", "{{ traits.__class__ }}",
    "{{ dict(a=1) }}", "{{ range(10) }}", "{{ evidence|map(attribute='__class__')|list }}", "{{ name|safe }}",
    "{{ evidence|map('attr', '__class__') }}", "{% include '/etc/passwd' %}", "{% import 'os' as os %}",
    "{% extends 'x' %}", "{% from 'x' import y %}", "{% set x = name %}{{ x }}", "{% macro m() %}{% endmacro %}",
    "{% call m() %}{% endcall %}", "{% filter upper %}x{% endfilter %}", "{% with x = 1 %}{{ x }}{% endwith %}",
    "{% block b %}x{% endblock %}", "{% autoescape false %}x{% endautoescape %}", "{% do name %}", "{% debug %}",
    "{{ request }}", "{{ get_flashed_messages }}", "{{ url_for }}", "{{ name['_x'] }}",
    "{{ evidence[0]['__class__'] }}",     "{{ loop }}", "{% for x in evidence %}{{ loop._iterator }}{% endfor %}",
    "{{ name[subject] }}", "{{ caller() }}",
    "{% for x in evidence %}{{ loop.cycle(1) }}{% endfor %}", "{{ x.__class__ }}", "{{ None.__class__ }}",
    "{% for x in evidence recursive %}{{ loop(x) }}{% endfor %}", "{{ name is filter }}", "{{ name|tojson }}",
    "{{ traits|xmlattr }}", "{{ name|pprint }}", "{{ 1 if name.__class__ else 2 }}", "{{ name[0:1] }}",
]  # fmt: skip
BOMBS = [
    "{{ 'x' * 1000000000 }}", "{{ 9 ** 9 ** 9 }}", "{{ '%1000000000d' % 1 }}", "{{ 'x'|center(1000000000) }}",
    "{{ 'x'.ljust(1000000000) }}", "{{ '{:1000000000}'.format(1) }}", "{% for i in range(999999999) %}x{% endfor %}",
    "{{ name ~ name }}", "{{ name + name }}", "{{ 'a'|replace('a', 'aaaaaaaaaa') }}", "{{ name|indent(99999999) }}",
    "{% for a in evidence %}{% for b in evidence %}{% for c in evidence %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ name|wordwrap(1) }}", "{{ name|list|join(name)|list|join(name) }}",
    "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
    "{{ name }}" * 2000, "{{ name|int ** 99999 }}", "{{ " + "not " * 3000 + "1 }}", "{{ '" + "x" * 20_000 + "' }}",
    "{% if " + " and ".join(["name"] * 3000) + " %}x{% endif %}", "{{ 10|round(-99999999) }}", "{{ name|urlize }}",
]  # fmt: skip


@pytest.mark.parametrize("template", ESCAPES)
def test_nothing_gets_out(template: str) -> None:
    found = list(faults(template, NAMES))
    if not found:  # what is allowed must come to nothing
        with pytest.raises(TemplateFault):
            compiled(template, plain, NAMES).render(values_of(notice()))


@pytest.mark.parametrize("template", BOMBS, ids=range(len(BOMBS)))
def test_nothing_takes_long_or_much(template: str) -> None:
    before = time.process_time()
    with pytest.raises(TemplateFault):
        compiled(template, plain, NAMES).render(values_of(notice()))
    assert time.process_time() - before < 2


def test_the_output_is_bounded() -> None:
    long = notice(traits={f"t{i}": "x" * 10_000 for i in range(50)})
    template = "{% for fact in evidence %}" + "{{ traits.t1 }}" * 100 + "{% endfor %}"
    with pytest.raises(TemplateFault, match="longer than"):
        compiled(template, plain, NAMES).render(values_of(long))
    message = message_of(long, template)
    assert len(message.text) < LONGEST_OUTPUT and "could not be used" in message.text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*FILTERS, "join('-')", "shorten(5)", "default('x')"]), max_size=8),
    st.sampled_from(sorted(NAMES)),
)
def test_filters_in_any_order_end(filters: list[str], name: str) -> None:
    template = "{{ " + "|".join([name, *filters]) + " }}"
    with suppress(TemplateFault):
        assert len(compiled(template, plain, NAMES).render(values_of(notice()))) <= LONGEST_OUTPUT


@settings(max_examples=200, deadline=None)
@given(st.text("{}% |_.()'nameforinifacts \n", max_size=40))
def test_any_text_is_a_template_or_a_fault(template: str) -> None:
    with suppress(TemplateFault):
        compiled(template, plain, NAMES).render(values_of(notice()))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ name }}: {{ facts }}", "Acme & Söhne: 12 reports in the last 7 days, 3 colleagues, CRM not connected yet"),
        ("{{ traits.plan or 'no plan' }}, {{ traits.crm or 'no CRM' }}", "trial, no CRM"),
        ("{{ traits.crm }}", "unknown"),
        ("{{ traits.employees }} {{ traits['employees'] | number }}", "120 120"),
        ("{% for fact in evidence if not fact.holds %}- {{ fact.says }}{% endfor %}", "- CRM not connected yet"),
        ("{{ missing | join(' / ') }} {{ missing | length }}", "CRM not connected yet 1"),
        ("{% if change == 'entered' and traits.employees > 100 %}big{% else %}small{% endif %}", "big"),
        ("{% for f in evidence %}{{ loop.index }}{{ f.holds }}{% if not loop.last %};{% endif %}{% endfor %}",
         "1yes;2yes;3no"),
        ("{{ at | date }} {{ next_step | capitalize | shorten(8) }}", "2026-03-04 Connect…"),
        ("{{ evidence[0].value | number }} {{ (evidence | first).says | upper }}", "12 12 REPORTS IN THE LAST 7 DAYS"),
    ],
)  # fmt: skip
def test_what_can_be_said(template: str, text: str) -> None:
    assert compiled(template, plain, NAMES).render(values_of(notice())) == text


def test_constants_are_escaped_like_values() -> None:
    assert compiled("{{ '<' }}{{ name }}*", for_slack, NAMES).render(values_of(notice())) == "&lt;Acme &amp; Söhne*"


def test_a_template_that_fails_on_a_notice_does_not_lose_the_message() -> None:
    message = message_of(notice(traits={"seats": "many"}), "{% if traits.seats > 3 %}big{% endif %}")
    assert "12 reports in the last 7 days" in message.text
    assert (
        "(The template of this destination could not be used: it cannot be filled in: '>' not supported" in message.text
    )


def test_there_are_samples_of_each_change() -> None:
    assert {sample.change for sample in SAMPLES} == {"entered", "left", "retracted"}
    assert {sample.subject_kind for sample in SAMPLES} == {"person", "account"}
