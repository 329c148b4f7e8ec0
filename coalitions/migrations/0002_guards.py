"""Guards that models cannot express: rows never point into another coalition, ledgers are only ever added to."""

from django.db import migrations

# table -> {column: table it must share its coalition with}
SAME_COALITION = {
    "coalitions_membership": {"organization_id": "coalitions_organization"},
    "coalitions_invitation": {"organization_id": "coalitions_organization"},
    "coalitions_externalid": {"organization_id": "coalitions_organization", "action_id": "coalitions_action"},
    "coalitions_overlap": {"first_id": "coalitions_organization", "second_id": "coalitions_organization"},
    "coalitions_participation": {
        "organization_id": "coalitions_organization",
        "action_id": "coalitions_action",
    },
    "coalitions_pledge": {"organization_id": "coalitions_organization", "action_id": "coalitions_action"},
    "coalitions_currentpledge": {
        "organization_id": "coalitions_organization",
        "action_id": "coalitions_action",
    },
    "coalitions_count": {"organization_id": "coalitions_organization", "action_id": "coalitions_action"},
    "coalitions_forecast": {"action_id": "coalitions_action"},
    "coalitions_forecastpoint": {"action_id": "coalitions_action"},
    "coalitions_showrate": {"organization_id": "coalitions_organization"},
}
LEDGERS = ["coalitions_pledge", "coalitions_count", "coalitions_change"]


def _constraint(table: str, column: str) -> str:
    return f"{table.removeprefix('coalitions_')}_{column.removesuffix('_id')}_same_coalition"


FOREIGN_KEYS = [
    migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {_constraint(table, column)}"
        f" FOREIGN KEY (coalition_id, {column}) REFERENCES {target} (coalition_id, id)"
        " DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {_constraint(table, column)}",
    )
    for table, columns in SAME_COALITION.items()
    for column, target in columns.items()
]

REFUSE = migrations.RunSQL(
    """
    CREATE FUNCTION muster_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$;
    """,
    "DROP FUNCTION muster_refuse();",
)

APPEND_ONLY = [
    migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION muster_refuse();"
        f"CREATE TRIGGER append_only_all BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse();",
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_all ON {table};",
    )
    for table in LEDGERS
]


class Migration(migrations.Migration):
    dependencies = [("coalitions", "0001_initial")]
    operations = [*FOREIGN_KEYS, REFUSE, *APPEND_ONLY]
