-- Transitions of the five definitions of benchmarks/definitions, in DuckDB.
--
-- Two scans of the rows for accounts, two for people (the interesting rows, then one row a subject and day), and one more
-- of those people's rows who can still qualify. Capitals after a dollar sign stand for codes, see rivals/in_duckdb.py.

create macro days(n) as n * 86400000000;
create macro hours(n) as n * 3600000000;
create macro minutes(n) as n * 60000000;

-- Accounts -------------------------------------------------------------------------------------------------------------

create temp table a as
select file_row_number as row, time, what, account, person, detail, rows, source, used_gb
from read_parquet('$ROWS', file_row_number = true)
where target >= 2 and what in (
    $JOIN, $LEAVE, $EMPLOYEES, $PLAN_GB, $CHANNEL_CREATED, $REPORT_RUN, $STORAGE_REPORTED, $PRICING_VIEWED,
    $INTEGRATION_CONNECTED, $TEAMMATE_INVITED, $TRIAL_STARTED, $SUBSCRIPTION_STARTED);

create temp table a_trial as select account, min(time) as moment from a where what = $TRIAL_STARTED group by account;
create temp table a_goal as select account, min(time) as goal from a where what = $SUBSCRIPTION_STARTED group by account;

-- channels: count(Channel Created) >= 5
create temp table channels as
select account as subject, time as moment, 1 as delta from a where what = $CHANNEL_CREATED
qualify row_number() over (partition by account order by time) = 5;

-- team: members >= 3, and members >= 5 as a part of the score
create temp table members as
select account as subject, time as moment, case when what = $JOIN then 1 else -1 end as delta
from a where what in ($JOIN, $LEAVE)
qualify (what = $JOIN) != coalesce(lag(what = $JOIN) over (partition by account, person order by row), false);

-- reported: sum(rows of Report Run, rows > 0 and source != "sample", within 14 days of the trial) >= 500
create temp table reported as
select subject, moment, 1 as delta from (
    select account as subject, time as moment,
        sum(rows) over (partition by account order by time) as total
    from a join a_trial using (account)
    where what = $REPORT_RUN and rows > 0 and source >= 0 and source != $SAMPLE
        and time >= a_trial.moment and time < a_trial.moment + days(14))
where total >= 500
qualify row_number() over (partition by subject order by moment) = 1;

-- busy: distinct_days(any, last 7 days) >= 4
create temp table busy as
with neighbour as (
    select account, time, lag(account) over () as account_before, lag(time) over () as time_before
    from read_parquet('$ROWS') where target >= 2 and what between $FIRST_EVENT and $LAST_EVENT
), day as (  -- the last event of a day stands before the first one of the next (nobody asks for the very last)
    select account, time as first, lead(time_before) over () as last
    from neighbour
    where account is distinct from account_before or time // days(1) != time_before // days(1)
), reach as (
    select account, first,
        case when lag(account, 3) over () = account then lag(last, 3) over () + days(7) end as until,
        case when lag(account, 4) over () = account then lag(last, 4) over () + days(7) end as until_before,
        case when lead(account) over () = account then lead(first) over () end as next
    from day
)
select account as subject, first as moment, 1 as delta from reach
where until > first and coalesce(until_before <= first, true)
union all
select account, until, -1 from reach where until > first and coalesce(until <= next, true);

-- fit: account.employees between 10 and 500
create temp table fit as
with change as (
    select account, time, row,
        (detail in ($FITTING_EMPLOYEES))::int as holds
    from a where what = $EMPLOYEES
)
select account as subject, time as moment, holds - lag(holds, 1, 0) over (partition by account order by row) as delta
from change qualify delta != 0;

-- storage: latest(used_gb of Storage Reported) / account.plan_gb >= 0.9
create temp table storage as
with known as (
    select account, time, row,
        last_value(used_gb ignore nulls) over (subject) as used,
        last_value(gb ignore nulls) over (subject) as gb
    from (select *, case when what = $PLAN_GB then (${PLAN_GB_VALUES})[detail + 1] end as gb
          from a where what = $PLAN_GB or (what = $STORAGE_REPORTED and used_gb is not null))
    window subject as (partition by account order by row)
), share as (select account, time, row, coalesce(used / gb >= 0.9, false)::int as holds from known)
select account as subject, time as moment, holds - lag(holds, 1, 0) over (partition by account order by row) as delta
from share qualify delta != 0;

-- reports: max(rows of Report Run, last 30 days) >= 300
create temp table reports as
with big as (
    select account, time, lag(time) over (subject) as before, lead(time) over (subject) as next
    from a where what = $REPORT_RUN and rows >= 300
    window subject as (partition by account order by time)
)
select account as subject, time as moment, 1 as delta from big where coalesce(before + days(30) <= time, true)
union all
select account, time + days(30), -1 from big where coalesce(time + days(30) <= next, true);

-- reporters: actors(Report Run, last 30 days) >= 3
create temp table reporters as
with run as (
    select account, time, lag(time) over (subject) as before, lead(time) over (subject) as next
    from a where what = $REPORT_RUN and person >= 0
    window subject as (partition by account, person order by time)
)
select account as subject, time as moment, 1 as delta from run where coalesce(before + days(30) <= time, true)
union all
select account, time + days(30), -1 from run where coalesce(time + days(30) <= next, true);

-- pricing: count(Pricing Viewed, last 30 days) >= 2
create temp table pricing as
select account as subject, time as moment, 1 as delta from a where what = $PRICING_VIEWED
union all
select account, time + days(30), -1 from a where what = $PRICING_VIEWED;

-- connected: did(Integration Connected, since the trial)
create temp table connected as
select account as subject, min(time) as moment, 1 as delta
from a join a_trial using (account) where what = $INTEGRATION_CONNECTED and time >= a_trial.moment group by account;

-- score: 2 points an invitation (at most 40), 5 an integration (at most 20), 20 while members >= 5
create temp table points as
select account as subject, time as moment, case when what = $TEAMMATE_INVITED then 2 else 5 end as delta
from a where what in ($TEAMMATE_INVITED, $INTEGRATION_CONNECTED)
qualify row_number() over (partition by account, what order by time)
    <= case when what = $TEAMMATE_INVITED then 20 else 4 end;

-- People ---------------------------------------------------------------------------------------------------------------

create temp table p as
select file_row_number as row, time, what, person, detail, source
from read_parquet('$ROWS', file_row_number = true)
where target % 2 = 1 and what in (
    $PLAN, $FLOW_EDITED, $REPORT_RUN, $TEAMMATE_INVITED, $SIGNED_UP, $SUBSCRIPTION_STARTED);

create temp table p_start as select person, min(time) as moment from p where what = $SIGNED_UP group by person;
create temp table p_goal as select person, min(time) as goal from p where what = $SUBSCRIPTION_STARTED group by person;

create temp table p_days as
select person, time // days(1) as day, min(time) as first, max(time) as last
from read_parquet('$ROWS') where target % 2 = 1 and what between $FIRST_EVENT and $LAST_EVENT
group by person, day
order by person, day;

create temp table p_day as
select person, day, first, last,
    case when lag(person, 2) over () = person then lag(last, 2) over () end as last2,
    case when lag(person) over () = person then lag(last) over () end as last1,
    case when lead(person) over () = person then lead(first) over () end as next,
    coalesce(lag(person) over () = person and lag(day) over () = day - 1, false) as follows,
    coalesce(lead(person) over () = person and lead(day) over () = day + 1, false) as followed,
    coalesce(lag(person, 2) over () = person and lag(day, 2) over () = day - 2, false) as third
from p_days;

-- some_week: distinct_days(any, any 7 days) >= 3
create temp table some_week as
select person as subject, min(first) as moment, 1 as delta from p_day where last2 + days(7) > first group by person;

-- alive: recency(any) < 10 days (from the first event on; some_week does not hold before)
create temp table alive as
select person as subject, first as moment, 1 as delta from p_day where coalesce(last1 + days(10) <= first, true)
union all
select person, last + days(10), -1 from p_day where coalesce(last + days(10) <= next, true);

-- settled: elapsed since Signed Up >= 3 days
create temp table settled as select person as subject, moment + days(3) as moment, 1 as delta from p_start;

-- path: sequence [Flow Edited, Report Run, Teammate Invited] within 3 days
create temp table path as
select person as subject, min(invited.time) as moment, 1 as delta
from (select person, time, row from p where what = $TEAMMATE_INVITED) invited
asof join (
    select ran.person, ran.row, edited.time as begun
    from (select person, row from p where what = $REPORT_RUN) ran
    asof join (select person, time, row from p where what = $FLOW_EDITED) edited
        on ran.person = edited.person and ran.row > edited.row) ran
    using (person, row)
where invited.time < begun + days(3)
group by person;

-- streak: streak(any) >= 2
create temp table streak as
select person as subject, first as moment, 1 as delta from p_day where follows and not third
union all
select person, days(day + 2), -1 from p_day where follows and not followed;

-- sources: distinct(source of Report Run, last 30 days) >= 2
create temp table sources as
with run as (
    select person, time, lag(time) over (subject) as before, lead(time) over (subject) as next
    from p where what = $REPORT_RUN and source >= 0
    window subject as (partition by person, source order by time)
)
select person as subject, time as moment, 1 as delta from run where coalesce(before + days(30) <= time, true)
union all
select person, time + days(30), -1 from run where coalesce(time + days(30) <= next, true);

-- plan: account.plan in [team, business, enterprise]
create temp table plan as
with change as (select person, time, row, (detail in ($PAID_PLANS))::int as holds from p where what = $PLAN)
select person as subject, time as moment, holds - lag(holds, 1, 0) over (partition by person order by row) as delta
from change qualify delta != 0;

-- Only who has a paid plan, two sources and two days in a row at some time can be a power user.
create temp table candidates as
select subject as person from streak
intersect select subject from plan
intersect select subject from sources;

create temp table moments as
select person, time
from read_parquet('$ROWS') semi join candidates using (person)
where target % 2 = 1 and what between $FIRST_EVENT and $LAST_EVENT
order by person, time;

create temp table steps as
select person, time, case when lag(person) over () = person then time - lag(time) over () end as passed
from moments;

-- visits: sessions(any, gap 30 minutes, within 30 days of Signed Up) >= 5
create temp table visits as
select person as subject, time as moment, 1 as delta
from steps join p_start using (person)
where coalesce(passed >= minutes(30), true) and time >= p_start.moment and time < p_start.moment + days(30)
qualify row_number() over (partition by person order by time) = 5;

-- spent: time_spent(any, gap 30 minutes, last 7 days) >= 1 hour. What comes in goes out a week later, so that a running
-- sum over everybody is a running sum of each.
create temp table spending as
with step as (
    select person, time, passed from steps semi join visits on person = subject where passed < minutes(30)
)
select person, time as moment, passed as delta from step
union all
select person, time + days(7), -passed from step
order by person, moment;

create temp table spent as
with total as (select person, moment, sum(delta) over (rows unbounded preceding) as total from spending),
instant as (
    select person, moment, total >= hours(1) as holds from total
    qualify (lead(person) over () = person and lead(moment) over () = moment) is not true
)
select person as subject, moment, holds::int - holds_before::int as delta
from (select *, coalesce(lag(person) over () = person and lag(holds) over (), false) as holds_before from instant)
where holds != holds_before;

-- Verdicts -------------------------------------------------------------------------------------------------------------
-- The counters of a definition's conditions side by side; each instant's sum first, then the running one.

create temp table team_ready_to_pay as
with change as (
    select subject, moment, delta as c1, 0 as c2, 0 as c3, 0 as c4, 0 as c5 from channels
    union all select subject, moment, 0, delta, 0, 0, 0 from members
    union all select subject, moment, 0, 0, delta, 0, 0 from reported
    union all select subject, moment, 0, 0, 0, delta, 0 from busy
    union all select subject, moment, 0, 0, 0, 0, delta from fit
    union all select account, goal, 0, 0, 0, 0, 0 from a_goal
), able as (
    select subject from channels intersect select subject from reported
    intersect select subject from busy intersect select subject from fit
)
select subject, moment,
    sum(sum(c1)) over (s) >= 1 and sum(sum(c2)) over (s) >= 3 and sum(sum(c3)) over (s) >= 1
    and sum(sum(c4)) over (s) >= 1 and sum(sum(c5)) over (s) >= 1 as raw
from change semi join able using (subject) group by subject, moment window s as (partition by subject order by moment);

create temp table storage_limit as
with change as (
    select subject, moment, delta as c1, 0 as c2, 0 as c3 from storage
    union all select subject, moment, 0, delta, 0 from reports
    union all select subject, moment, 0, 0, delta from reporters
), able as (select subject from storage intersect select subject from reports)
select subject, moment,
    sum(sum(c1)) over (s) >= 1 and sum(sum(c2)) over (s) >= 1 and sum(sum(c3)) over (s) >= 3 as raw
from change semi join able using (subject) group by subject, moment window s as (partition by subject order by moment);

create temp table talk_to_us as
with change as (
    select subject, moment, delta as c1, 0 as c2, 0 as c3, 0 as c4 from pricing
    union all select subject, moment, 0, delta, 0, 0 from connected
    union all select subject, moment, 0, 0, delta, 0 from points
    union all select subject, moment, 0, 0, 0, delta from members
    union all select account, goal, 0, 0, 0, 0 from a_goal
)
select subject, moment,
    sum(sum(c1)) over (s) >= 2 and (sum(sum(c2)) over (s) >= 1
        or sum(sum(c3)) over (s) + case when sum(sum(c4)) over (s) >= 5 then 20 else 0 end >= 60) as raw
from change semi join pricing using (subject) group by subject, moment window s as (partition by subject order by moment);

create temp table activated as
with change as (
    select subject, moment, delta as c1, 0 as c2, 0 as c3, 0 as c4 from some_week
    union all select subject, moment, 0, delta, 0, 0 from path
    union all select subject, moment, 0, 0, delta, 0 from alive
    union all select subject, moment, 0, 0, 0, delta from settled
    union all select person, goal, 0, 0, 0, 0 from p_goal
), able as (select subject from some_week intersect select subject from path)
select subject, moment,
    sum(sum(c1)) over (s) >= 1 and sum(sum(c2)) over (s) >= 1
    and sum(sum(c3)) over (s) >= 1 and sum(sum(c4)) over (s) >= 1 as raw
from change semi join able using (subject) group by subject, moment window s as (partition by subject order by moment);

create temp table power_user as
with change as (
    select subject, moment, delta as c1, 0 as c2, 0 as c3, 0 as c4, 0 as c5 from spent
    union all select subject, moment, 0, delta, 0, 0, 0 from visits
    union all select subject, moment, 0, 0, delta, 0, 0 from streak
    union all select subject, moment, 0, 0, 0, delta, 0 from sources
    union all select subject, moment, 0, 0, 0, 0, delta from plan
    union all select person, goal, 0, 0, 0, 0, 0 from p_goal
), able as (select subject from spent intersect select subject from visits intersect select person from candidates)
select subject, moment,
    sum(sum(c1)) over (s) >= 1 and sum(sum(c2)) over (s) >= 1 and sum(sum(c3)) over (s) >= 1
    and sum(sum(c4)) over (s) >= 2 and sum(sum(c5)) over (s) >= 1 as raw
from change semi join able using (subject) group by subject, moment window s as (partition by subject order by moment);

create temp table transitions as
with verdict as (
    select 'team-ready-to-pay' as definition, subject, moment, raw and coalesce(moment < goal, true) as may
    from team_ready_to_pay left join a_goal on subject = account
    union all select 'storage-limit', subject, moment, raw from storage_limit
    union all
    select 'talk-to-us', subject, moment, raw and coalesce(moment < goal, true)
    from talk_to_us left join a_goal on subject = account
    union all
    select 'activated', subject, moment, raw and coalesce(moment < goal, true)
    from activated left join p_goal on subject = person
    union all
    select 'power-user', subject, moment, raw and coalesce(moment < goal, true)
    from power_user left join p_goal on subject = person
)
select definition, subject, moment as "at", may as entered from verdict where moment <= $AS_OF
qualify may != lag(may, 1, false) over (partition by definition, subject order by moment);
