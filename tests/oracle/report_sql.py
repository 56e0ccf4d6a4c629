"""The SQL by which ``tests/oracle/report.py`` counts what `fangfan report` counts (docs/contract-report.md)."""

from streams.counts import MEASURES

COLUMNS = {
    "facts": "JSON", "members": "STRUCT(person_id VARCHAR, birth_year INTEGER, labour VARCHAR, student BOOLEAN)[]",
    "day": "DATE", "sequence": "BIGINT",
    "place": "BIGINT", "conflicts": "JSON", "reasons": "STRUCT(rule VARCHAR, channels VARCHAR[])[]",
    "reference": "BIGINT", "gross": "BIGINT", "transfers": "BIGINT", "sides": "VARCHAR[]", "waits": "BOOLEAN",
}  # fmt: skip
WORK = """
CREATE TABLE migrant AS WITH
  asked AS (SELECT DATE '{day}' AS day, 'now' AS "when" UNION SELECT DATE '{day}' - INTERVAL 12 MONTH, 'before'),
  said AS (SELECT asked.day, "when", household, fact, row_number() OVER (PARTITION BY "when", household, fact->>'person_id'
      ORDER BY occurred DESC, schema = 'department-record/1' DESC, schema = 'cadre-report/1' DESC, event_id DESC, place) AS rank
    FROM fact, asked WHERE fact->>'type' = 'employment' AND CAST(occurred AS DATE) <= asked.day
      AND datediff('month', occurred, asked.day) <= 24)
  SELECT household, count(*) FILTER ("when" = 'now') AS migrants, count(*) FILTER ("when" = 'before') AS migrants_before,
    count(*) FILTER ("when" = 'now' AND fact->>'place' = 'outside') AS migrants_outside,
    count(*) FILTER ("when" = 'before' AND fact->>'place' = 'outside') AS migrants_outside_before
  FROM said WHERE rank = 1 AND fact->>'status' = 'working' AND fact->>'since' <= strftime(day, '%Y-%m')
    AND fact->>'place' IN ('province', 'outside') AND (household NOT IN (SELECT household_id FROM newest_entry)
      OR EXISTS (SELECT 1 FROM named WHERE named.household = said.household AND named.person = fact->>'person_id'))
  GROUP BY household;
"""
CHINA = "make_timestamp(epoch_us(CAST({} AS TIMESTAMPTZ)) + 28800000000)"
PREPARE = f"""
CREATE TABLE newest_entry AS SELECT * EXCLUDE (place), to_json(entry) AS body FROM (
    SELECT *, row_number() OVER (PARTITION BY household_id ORDER BY {CHINA.format("updated_at")} DESC) AS place FROM entry
  ) AS entry WHERE place = 1;
CREATE TABLE named AS SELECT member.person_id AS person, household_id AS household
  FROM (SELECT household_id, unnest(members) AS member FROM newest_entry);
CREATE TABLE placed AS SELECT coalesce(report.household_id, named.household) AS household,
  {CHINA.format("report.occurred_at")} AS occurred, report.area_code, report.event_id, report.schema, to_json(report) AS body
  FROM report LEFT JOIN named ON report.household_id IS NULL AND report.person_id = named.person;
CREATE TABLE stands AS SELECT * FROM alert WHERE NOT EXISTS (SELECT 1 FROM alert AS other
  WHERE other.household_id = alert.household_id AND other.place > alert.place AND other.sequence <= alert.sequence);
CREATE TABLE current AS SELECT * EXCLUDE (last) FROM (
  SELECT *, row_number() OVER (PARTITION BY household_id ORDER BY sequence DESC) AS last FROM stands) WHERE last = 1;
"""
CLOCKS = """
CREATE TABLE fact AS SELECT household, occurred, schema, event_id, generate_subscripts(facts, 1) AS place, unnest(facts) AS fact
  FROM (SELECT *, CAST(body->'facts' AS JSON[]) AS facts FROM placed) AS told WHERE NOT EXISTS (
    SELECT 1 FROM placed AS other WHERE other.household = told.household AND other.schema = told.schema
      AND other.body->>'voids' = told.event_id AND told.occurred <= other.occurred);
CREATE TABLE step AS SELECT household, fact->>'step' AS step, fact->>'passed' = 'true' AS passed, occurred,
    CAST(occurred AS DATE) AS day
  FROM fact WHERE fact->>'type' = 'case_step';
CREATE TABLE rest AS SELECT opened.household, opened.day AS first, coalesce(
    (SELECT min(settled.day) - 1 FROM step AS settled WHERE settled.household = opened.household
      AND settled.step = 'settlement' AND settled.day >= opened.day), DATE '{day}') AS last
  FROM step AS opened WHERE opened.step = 'objection';
CREATE TABLE standing AS SELECT household, any_value(stage) AS stage, max(day) FILTER (step = 'verification') AS visited,
    max(day) FILTER (step = 'objection' AND NOT EXISTS (SELECT 1 FROM step AS settled WHERE settled.household = step.household
      AND settled.step = 'settlement' AND settled.day >= step.day)) AS objected
  FROM step JOIN (SELECT household_id AS household, arg_max(stage, sequence) AS stage FROM said GROUP BY household_id)
    USING (household) GROUP BY household;
CREATE TABLE late AS SELECT household, stage, visited,
    stage IN ('verified', 'authorised', 'compared', 'appraised', 'noticed', 'reviewed') AND (SELECT count(*) FROM workday
      WHERE day > visited AND day < DATE '{day}' AND NOT EXISTS (SELECT 1 FROM rest
        WHERE rest.household = standing.household AND day BETWEEN first AND last)) >= 15 AS late_finish,
    (SELECT count(*) FROM workday WHERE day > objected AND day < DATE '{day}') >= 10 AS late_settle
  FROM standing;
"""
CHANNEL = "CASE schema WHEN 'self-declaration/1' THEN 'declaration' WHEN 'cadre-report/1' THEN 'cadre' ELSE 'department' END"
JOIN = f"""
CREATE TABLE spoken AS SELECT household, list(DISTINCT {CHANNEL}) AS spoke
  FROM fact JOIN (SELECT household, max(occurred) AS clock FROM placed GROUP BY household) USING (household)
  WHERE datediff('month', occurred, clock) <= 36 GROUP BY household;
CREATE TABLE snooze AS SELECT household,
    arg_max(least(CAST(fact->>'until' AS DATE), CAST(occurred AS DATE) + 92), occurred) AS ends
  FROM fact WHERE fact->>'type' = 'snooze' GROUP BY household;
CREATE TABLE household AS WITH
  heard AS (SELECT household, max(occurred) AS occurred, arg_max(area_code, (occurred, schema = 'department-record/1',
    schema = 'cadre-report/1', event_id)) AS area FROM placed GROUP BY household),
  known AS (SELECT household FROM heard UNION SELECT household_id FROM newest_entry),
  living AS (SELECT known.household, coalesce(newest_entry.area_code, heard.area)[1:6] AS county, heard.occurred FROM known
    LEFT JOIN heard USING (household) LEFT JOIN newest_entry ON newest_entry.household_id = known.household)
  SELECT 'all' AS "all", coalesce(county_tier.tier, 'unknown') AS tier, living.*, income.* EXCLUDE (household),
    migrant.* EXCLUDE (household), spoke, coalesce(snooze.ends >= DATE '{{day}}', FALSE) AS snoozed,
    coalesce(income.waits, FALSE) AS withheld,
    current.severity, current.category, current.reasons, late.late_finish, late.late_settle,
    current.severity IS NOT NULL AND current.verify_by < '{{day}}'
      AND coalesce(late.stage, 'none') IN ('none', 'ended', 'removed')
      AND coalesce(late.visited < CAST({CHINA.format("current.opened_at")} AS DATE), TRUE) AS late_verify,
    living.occurred IS NULL OR datediff('month', living.occurred, TIMESTAMP '{{day}}') >= {{months}} AS silent
  FROM living LEFT JOIN county_tier USING (county) LEFT JOIN income USING (household) LEFT JOIN late USING (household)
    LEFT JOIN migrant USING (household) LEFT JOIN snooze USING (household) LEFT JOIN spoken USING (household)
    LEFT JOIN current ON current.household_id = living.household;
CREATE TABLE lead AS SELECT 'all' AS "all", tier, county_code AS county,
    list_sort(list_distinct(flatten([reason.channels FOR reason IN reasons]))) AS channels FROM stands
  WHERE transition = 'opened' AND CAST({CHINA.format("opened_at")} AS DATE) BETWEEN DATE '{{since}}' AND DATE '{{day}}';
CREATE TABLE outcome AS WITH
  led AS (SELECT household_id, tier, county_code AS county, sequence, CAST({CHINA.format("opened_at")} AS DATE) AS day, reasons,
    coalesce(lead(day) OVER (PARTITION BY household_id ORDER BY sequence), DATE '9999-01-01') AS next
    FROM stands WHERE transition = 'opened')
  SELECT 'all' AS "all", tier, county, unnest(list_distinct([reason.rule FOR reason IN reasons])) AS rule,
    (SELECT arg_min(passed, occurred) FROM step WHERE step.household = led.household_id AND step.step = 'verification'
      AND step.day >= led.day AND step.day < led.next AND step.day <= DATE '{{day}}') AS passed
  FROM led WHERE day BETWEEN DATE '{{since}}' AND DATE '{{day}}';
CREATE TABLE risk AS SELECT 'all' AS "all", tier, county_code AS county, level, severity,
    place = max(place) OVER (PARTITION BY level, area_code) AND severity IS NOT NULL AS now,
    transition = 'opened' AND CAST(opened_on AS DATE) BETWEEN DATE '{{since}}' AND DATE '{{day}}' AS began
  FROM area WHERE NOT EXISTS (SELECT 1 FROM area AS other WHERE other.level = area.level AND
    other.area_code = area.area_code AND other.place > area.place AND other.sequence <= area.sequence);
"""
DEPARTMENTS = (
    "medical-insurance", "health", "education", "housing", "water", "human-resources", "civil-affairs", "disabled-federation",
    "emergency", "public-security", "agriculture", "market-regulation", "commerce", "rural-revitalization", "insurance",
    "petitions",
)  # fmt: skip
FEEDS = f"""
SELECT source, max(CAST({CHINA.format("reported_at")} AS DATE)) FROM (
  SELECT 'all' AS "all", coalesce(county_tier.tier, 'unknown') AS tier, area_code[1:6] AS county, source, reported_at
    FROM report LEFT JOIN county_tier ON county_tier.county = area_code[1:6] WHERE schema = 'department-record/1')
  WHERE "{{by}}" = ? AND CAST({CHINA.format("reported_at")} AS DATE) <= DATE '{{day}}' GROUP BY source
"""
OUTCOMES = """
SELECT rule, count(passed), count(*) FILTER (passed) FROM outcome WHERE "{by}" = ? GROUP BY rule
"""
CHANNELS = ("declaration", "cadre", "department")
_RULES = [name for name in MEASURES if name.startswith("rule_")]
_OF_HOUSEHOLDS = {
    "households": "TRUE",
    "open": "severity IS NOT NULL",
    **{f"open_{name}": f"severity = '{name}'" for name in ("blue", "yellow", "orange", "red")},
    **{name: f"severity IS NOT NULL AND category = '{name}'" for name in ("sudden", "unstable", "marginal", "unknown")},
    "overdue": "late_verify",
    **{f"overdue_{name}": f"late_{name}" for name in ("verify", "finish", "settle")},
    **{name: f"len([r FOR r IN reasons IF r.rule LIKE '{name[5:].replace('_', '-')}@%']) > 0" for name in _RULES},
    "reported": "occurred IS NOT NULL",
    "determined": "reference IS NOT NULL",
    "dependent": "gross > 0 AND transfers * 10 >= gross * 6",
    "snoozed": "snoozed",
    "withheld": "withheld",
    "conflicting": "len(sides) > 0",
    "silent": "silent",
    **{f"reported_{name}": f"list_contains(spoke, '{name}')" for name in CHANNELS},
    **{f"conflicting_{name}": f"list_contains(sides, '{name}')" for name in CHANNELS},
}
_OF_LEADS = {
    "leads": "TRUE",
    **{f"leads_{name}": f"list_contains(channels, '{name}')" for name in CHANNELS},
    **{f"leads_alone_{name}": f"channels = ['{name}']" for name in CHANNELS},
}
_OF_AREAS = {
    f"{what}_{plural}{end}": f"{flag} AND level = '{level}' AND {condition}"
    for what, flag in (("open", "now"), ("opened", "began"))
    for level, plural in (("village", "villages"), ("township", "townships"))
    for end, condition in (
        ("", "TRUE"), *((f"_{name}", f"severity = '{name}'") for name in ("blue", "yellow", "orange", "red")),
    )
}  # fmt: skip
_FIRST = ", ".join(f'count(*) FILTER ({condition}) AS "{name}"' for name, condition in _OF_HOUSEHOLDS.items())
_MIGRANTS = ("migrants", "migrants_before", "migrants_outside", "migrants_outside_before")
_FIRST += "".join(f', CAST(coalesce(sum("{name}"), 0) AS BIGINT) AS "{name}"' for name in _MIGRANTS)
_SECOND = ", ".join(f'count(*) FILTER ({condition}) AS "{name}"' for name, condition in _OF_LEADS.items())
_THIRD = ", ".join(f'count(*) FILTER ({condition}) AS "{name}"' for name, condition in _OF_AREAS.items())
_ZEROES = ", ".join(
    f'coalesce({table}."{name}", 0) AS "{name}"'
    for table, names in (("led", _OF_LEADS), ("risky", _OF_AREAS))
    for name in names
)
COUNTS = (
    f'SELECT counted.*, {_ZEROES} FROM (SELECT "{{by}}" AS key, {_FIRST} FROM household GROUP BY 1) AS counted '
    f'LEFT JOIN (SELECT "{{by}}" AS key, {_SECOND} FROM lead GROUP BY 1) AS led USING (key) '
    f'LEFT JOIN (SELECT "{{by}}" AS key, {_THIRD} FROM risk GROUP BY 1) AS risky USING (key)'
)
