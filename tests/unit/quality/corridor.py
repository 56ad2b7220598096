"""A whole corridor of four customers: raw tables by hand, the others by the shipped models, all as they should be."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import yaml

from tasks.config.entities import ENTITIES
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger, migrations, tables
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.models import load_models
from tasks.warehouse.run import OutputPaths, Run
from tests.unit.quality.corridor_figures import FIGURES, VERSIONS

AS_OF = dt.date(2025, 6, 30)
PREVIOUS = Publication(dt.date(2025, 5, 31), "b" * 16)
RUN_ID = "a" * 16
SOURCES = {
    "customers": "SELECT 'c' || n AS customer_id, TIMESTAMP '2024-01-01' AS registered_at, 'f' AS gender_code,"
    " CASE n WHEN 1 THEN 'Bread' WHEN 2 THEN 'Tiny' ELSE 'Anna Example ' || n END AS full_name,"
    " 'anna' || n || '@shop.example' AS email_address, '030 23125 00' || n AS phone_number,"
    " DATE '1980-05-01' AS birth_date, 'a1' AS area_code FROM range(1, 5) AS r (n)",
    # Everybody orders two lines on each of three days, and customer 4 sends one line back.
    "order_lines": "SELECT 'o' || c || '-' || o AS order_id, 'l' || l AS line_id, 'c' || c AS customer_id,"
    " TIMESTAMP '2025-03-01 12:00:00' + INTERVAL (c + 30 * o) DAY AS ordered_at, 'p' || l AS product_id,"
    " 'bread' AS category_name, 'b' || l AS brand_name, CASE WHEN c = 4 AND o = 3 AND l = 2 THEN -1 ELSE l END AS quantity,"
    " 2.5 AS unit_price_amount, 'web' AS channel_name"
    " FROM range(1, 5) AS x (c), range(1, 4) AS y (o), range(1, 3) AS z (l)",
    "feedback": "SELECT 'f1' AS feedback_id, 'c1' AS customer_id, TIMESTAMP '2025-05-05' AS given_at, 4 AS rating,"
    " 'never again!' AS comment_text",
    # Two say the same, and one of them is labelled with a theme only.
    "labelled_comments": "SELECT 'l' || n AS comment_id, TIMESTAMP '2025-05-01' AS labelled_at,"
    " CASE WHEN n < 3 THEN 'stale bread' ELSE 'good bread' END AS comment_text,"
    " CASE n WHEN 1 THEN 'negative' WHEN 3 THEN 'positive' END AS sentiment_name,"
    " CASE WHEN n < 3 THEN 'Quality' END AS theme_name FROM range(1, 4) AS r (n)",
    "campaigns": "SELECT 'k1' AS campaign_id, 'email' AS channel_name, TIMESTAMP '2025-05-01' AS started_at,"
    " DATE '2025-05-31' AS ended_date",
    "campaign_contacts": "SELECT 'k1' AS campaign_id, 'c' || n AS customer_id, TIMESTAMP '2025-05-02' AS contacted_at,"
    " CASE n WHEN 1 THEN TIMESTAMP '2025-05-03' END AS responded_at FROM range(1, 3) AS r (n)",
    # Customers 1 to 3 are for e-mails, of whom 3 withdraws; nothing is known of 4.
    "consents": "SELECT 'c' || n AS customer_id, 'marketing' AS purpose_name, 'email' AS channel_name,"
    " TIMESTAMP '2025-04-01' AS decided_at, true AS is_given FROM range(1, 4) AS r (n)"
    " UNION ALL SELECT 'c3', 'marketing', NULL, TIMESTAMP '2025-05-01', false",
    "area_profiles": "SELECT 'a1' AS area_code, 1000 AS population_count, 0.1 AS poverty_share",
    # The last order days of everybody: two lines of 2.50 each, and what customer 4 sent back.
    "control_totals": "SELECT 'my_order_lines' AS controlled_source_name, DATE '2025-05-30' + n::INTEGER AS control_date,"
    " TIMESTAMP '2025-06-05' AS reported_at, 2 AS line_count, 1 AS order_count,"
    " CASE n WHEN 4 THEN 0 ELSE 7.5 END AS net_amount FROM range(1, 5) AS r (n)",
    # Everybody looks an hour before each of his orders, and twenty days later once more.
    "interactions": "SELECT 'i' || c || '-' || o || '-' || d AS interaction_id, 'c' || c AS customer_id,"
    " TIMESTAMP '2025-03-01 11:00:00' + INTERVAL (c + 30 * o + 20 * d) DAY AS happened_at, 'web' AS channel_name,"
    " 'visit' AS kind_name, 'phone' AS device_name, 60 * o AS duration_seconds, o AS page_count,"
    " d = 0 AS has_purchase FROM range(1, 5) AS x (c), range(1, 4) AS y (o), range(2) AS z (d)",
    # The second item is about something else, and customer 4 has left it out.
    "survey_answers": "SELECT 's1' AS survey_id, 'c' || n AS customer_id, TIMESTAMP '2025-04-10' AS answered_at,"
    " json_object('likes_cooking', n, 'likes_discounts', CASE WHEN n < 4 THEN 5 - n END) AS answers"
    " FROM range(1, 5) AS r (n)",
    "costs": "SELECT 'u' || n AS cost_id, TIMESTAMP '2025-01-01' AS incurred_at, 'unit' AS cost_kind_name,"
    " 'p' || n AS product_id, NULL AS customer_id, 0.8 + n / 10 AS cost_amount, 'goods' AS purpose_name"
    " FROM range(1, 3) AS r (n)"
    " UNION ALL SELECT 's1', TIMESTAMP '2025-02-01', 'customer', NULL, 'c1', 2, 'service'",
    # Twelve months, each reported ten days after its end, and the last one revised.
    "market_indicators": "SELECT 'confidence' AS indicator_name, 'a1' AS area_code,"
    " last_day(TIMESTAMP '2024-06-01' + INTERVAL (n) MONTH) AS period_date,"
    " last_day(TIMESTAMP '2024-06-01' + INTERVAL (n) MONTH) + INTERVAL 10 DAY AS reported_at,"
    " 100 + n % 3 AS indicator_value FROM range(12) AS r (n)"
    " UNION ALL SELECT 'confidence', 'a1', DATE '2025-05-31', TIMESTAMP '2025-06-20', 101",
    "enrichments": "SELECT 'c' || n AS customer_id, 'acme' AS provider_name, 'home' AS attribute_name,"
    " TIMESTAMP '2025-03-01' AS enriched_at, CASE n WHEN 1 THEN 'own' ELSE 'rent' END AS attribute_value"
    " FROM range(1, 4) AS r (n)",
}
_FEATURES: dict[str, object] = {
    "constructs": {"openness": {"items": ["likes_cooking"], "reversed_items": ["likes_discounts"]}},
    "indicators": {"rents": {"name": "confidence", "of": "area"}},
    "enrichments": {
        "wealth": {"attribute": "wealth", "type": "number"},
        "home": {"attribute": "home"},
    },
}
_DEFINITIONS = """
    SELECT segment_id, split_part(segment_id, '.', 1) AS segmentation_id, 'lifecycle' AS basis_name,
        split_part(segment_id, '.', 1) AS segmentation_name, split_part(segment_id, '.', 2) AS segment_name,
        'd' AS description, 'r' AS rule_text, NULL::VARCHAR AS population_text, 'v' AS value_proposition,
        'm' AS message, 'o' AS offer,
        '5.00' AS price_text, 'email' AS channel_name, NULL::DATE AS window_from_date, NULL::DATE AS window_until_date,
        'g' AS goal, 0.5 AS contact_cost_amount, 9.0 AS budget_amount,
        CASE segment_id WHEN 'lifecycle.new' THEN 1 ELSE 9 END AS budget_count, 'w' AS owner_name, 10 AS priority,
        NULL::BIGINT AS priority_place, NULL::VARCHAR AS excluded_segment_ids, 'active' AS status_name,
        DATE '2025-01-01' AS since_date, 'rules' AS kind_name, false AS is_multiple, 1 AS segment_no, '{}' AS asked_text
    FROM unnest(['lifecycle.active', 'lifecycle.new', 'topics.bread', 'topics.web', 'k.one', 'k.two']) AS s (segment_id)
"""
_SEGMENTATIONS: dict[str, object] = {
    "lifecycle": {
        "kind": "rules",
        "basis": "lifecycle",
        "segments": [{"id": "active", "name": "Active", "when": "order_count > 0"}],
        "otherwise": {"id": "new", "name": "New"},
    },
    "topics": {
        "kind": "rules",
        "basis": "behavioural",
        "match": "any",
        "segments": [
            {"id": "bread", "name": "Bread", "when": "category_count > 0"},
            {"id": "web", "name": "Web", "when": "channel_count > 0"},
        ],
    },
    "k": {"kind": "clusters", "basis": "behavioural", "features": ["order_count", "net_amount"]},
}

#: The model of two clusters, by what was tried before.
_CLUSTERS = {
    "choice": {
        "k": 2,
        "structure": "natural",
        "reason": "2 segments",
        "rows": 100,
        "criteria": [
            {"k": 1, "min_share": 1.0, "verdict": "not chosen"},
            {"k": 2, "min_share": 0.4, "verdict": "chosen"},
        ],
    }
}


def workspace(folder: Path, *, entities: tuple[str, ...] = tuple(ENTITIES), **quality: object) -> Workspace:
    """A workspace with one source for each entity; no file of them exists."""
    sources = {
        f"my_{name}": {
            "entity": name,
            "format": "csv",
            "path": f"{name}.csv",
            "columns": {column: column for column in ENTITIES[name].required_names},
        }
        for name in entities
    }
    tree = {"name": "made", "sources": sources, "segmentations": _SEGMENTATIONS, "quality": quality}
    tree |= {"features": _FEATURES}
    tree |= {"predictions": {"churn": {"kind": "churn"}, "spend": {"kind": "spend"}}}
    # Every segment has two customers or more.
    tree |= {"privacy": {"min_group_size": 2}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return load_workspace(folder)


def start(space: Workspace, warehouse: Warehouse) -> Run:
    """A run that has loaded its sources, with the rows of one earlier run's segments."""
    migrations.migrate(warehouse)
    run = Run(space, warehouse, OutputPaths(space.directory / "out"), AS_OF, None)
    run.run_id, run.previous = RUN_ID, PREVIOUS
    ledger.note_publication(warehouse, PREVIOUS)
    mapped = {source.entity for source in space.sources.values()}
    for number, (name, select) in enumerate(SOURCES.items(), 1):
        columns = ", ".join(f'"{column.name}" {column.type}' for column in ENTITIES[name].columns)
        warehouse.execute(
            f"CREATE TABLE raw.{name} ({columns}, source_name VARCHAR, load_no INTEGER, row_number BIGINT)"
        )
        if name in mapped:
            source = f"'my_{name}' AS source_name, {number} AS load_no, row_number() OVER () AS row_number"
            count = warehouse.execute(f"INSERT INTO raw.{name} BY NAME SELECT *, {source} FROM ({select})")
            warehouse.execute(f"CREATE TABLE raw.my_{name}__{name} AS SELECT * EXCLUDE (source_name) FROM raw.{name}")
            note_load(run, f"my_{name}", name, read=count, loaded=count)
    warehouse.execute(
        "CREATE TABLE raw.pseudonym AS SELECT 'c' || n AS customer_id,"
        " 'p_' || repeat(CAST(n AS VARCHAR), 32) AS pseudonym, 'f' AS key_fingerprint FROM range(1, 5) AS r (n)"
    )
    return run


def note_load(
    run: Run, source: str, entity: str, *, read: int, loaded: int, file: str = "a.csv", blanked: int = 0
) -> None:
    """A file is delivered and loaded; what was read and not loaded was quarantined."""
    number = run.warehouse.value("SELECT count(*) + 1 FROM ops.load")
    ledger.note_delivery(run.warehouse, source=source, file=file, load_id=f"load{number}", attempt_id=run.attempt_id)
    ledger.insert(
        run.warehouse,
        "load",
        {
            "load_id": f"load{number}",
            "load_no": number,
            "source_name": source,
            "entity_name": entity,
            "file_name": file,
            "file_sha256": f"sha{number}",
            "loaded_at": dt.datetime(2025, 7, 1),
            "rows_read_count": read,
            "rows_loaded_count": loaded,
            "rows_quarantined_count": read - loaded,
            "values_blanked_count": blanked,
        },
    )


def stage(run: Run) -> None:
    """Build `staging`, with what the room of comments would tell of the one comment."""
    for model in load_models("staging", as_of=run.as_of, features=run.workspace.features):
        tables.rebuild(run, model.name, model.sql)
        if model.name == "staging.feedback_sentiment":
            run.warehouse.execute(
                f"UPDATE {model.name} SET sentiment_name = 'negative', sentiment_score = -0.75,"
                " sentiment_confidence_share = 0.8, theme_name = 'Quality', theme_confidence_share = 0.7"
            )


def build_features(run: Run) -> None:
    """Build `features`, of the earlier run too."""
    for model in load_models("features", as_of=run.as_of, features=run.workspace.features):
        for of_run in (_earlier(run), run):
            tables.write_rows(of_run, model.name, model.sql)
    for of_run in (_earlier(run), run):
        foretold = "customer_id, 0.25 AS churn_share, CAST(NULL AS DOUBLE) AS spend_amount"
        tables.write_rows(of_run, "features.customer_prediction", f"SELECT {foretold} FROM staging.customers")


def divide(run: Run) -> None:
    """Write `segments`: since the earlier run customer 4 has come in, and moved from one cluster to the other."""
    for of_run, count in ((_earlier(run), 3), (run, 4)):
        members = f"FROM (SELECT 'c' || n AS customer_id, n FROM range(1, {count} + 1) AS r (n))"
        tables.write_rows(of_run, "segments.definition", _DEFINITIONS)
        tables.write_rows(
            of_run,
            "segments.membership",
            "SELECT 'lifecycle' AS segmentation_id,"
            " CASE WHEN n > 2 THEN 'lifecycle.new' ELSE 'lifecycle.active' END AS segment_id, customer_id,"
            f" 1.0 AS strength_share, 'r' AS reason, NULL::VARCHAR AS rival_segment_id {members}"
            f" UNION ALL SELECT 'topics', 'topics.bread', customer_id, 1.0, 'r', NULL {members}"
            f" UNION ALL SELECT 'topics', 'topics.web', customer_id, 1.0, 'r', NULL {members} WHERE n > 1"
            f" UNION ALL SELECT 'k', CASE WHEN n > {count} - 2 THEN 'k.one' ELSE 'k.two' END, customer_id, 0.8, 'd',"
            f" NULL {members}",
        )
        tables.write_rows(
            of_run,
            "segments.model",
            f"SELECT 'k' AS segmentation_id, 1 AS model_no, 2 AS k_count, '{json.dumps(_CLUSTERS)}' AS model_json,"
            " DATE '2025-05-31' AS trained_as_of_date, 'kept' AS decision",
        )
        tables.write_rows(of_run, "segments.model_version", VERSIONS)
        # A new model of the clusters put customer 1 elsewhere; of an earlier run nothing is known.
        redrawn = "SELECT 'k' AS segmentation_id, 'refit' AS what_name, TRUE AS is_asked, NULL::VARCHAR AS note"
        refusal = "SELECT 'habits' AS segmentation_id, 'too few customers' AS why_text"
        tables.write_rows(of_run, "segments.refusal", refusal)
        tables.write_rows(of_run, "segments.redrawn", f"{redrawn} WHERE {count == 4}")
        tables.write_rows(
            of_run,
            "segments.membership_before",
            "SELECT 'k' AS segmentation_id, CASE WHEN n > 2 OR n = 1 THEN 'k.one' ELSE 'k.two' END AS segment_id,"
            f" customer_id {members} WHERE {count == 4}",
        )


def monitor(run: Run) -> None:
    """Write `monitoring`: by its models, and by hand what other rooms compute."""
    # Here, for a process that looks at one door takes seconds to import them.
    from tasks.insight.measures import build_monitoring
    from tasks.overlap.tasks import measure_overlap
    from tasks.treatment.tasks import resolve_treatments

    for of_run in (_earlier(run), run):
        build_monitoring(of_run)
        measure_overlap.fn(of_run)
        resolve_treatments.fn(of_run)
        for table, select in FIGURES.items():
            tables.write_rows(of_run, table, select)


def publish_aside(run: Run) -> Path:
    """Build the candidate of the published file; returns the file."""
    from tasks.publish.build import build_publication
    from tasks.publish.scope import scope_with

    return build_publication(run, scope_with(run)) / run.paths.published_database.name


def _earlier(run: Run) -> Run:
    earlier = Run(run.workspace, run.warehouse, run.paths, PREVIOUS.as_of, None)
    earlier.run_id = PREVIOUS.run_id
    return earlier
