"""What was counted of days so far, put into the parts that it is read in from now on: in the database, in one go."""

from django.db import migrations

STATES = ("error", "submitted", "handed", "deferred", "accepted", "refused", "expired")
#: Each part and what its values are.
PARTS = {"": "''", "cause": "cause", "provider": "provider", "module": "module", "server": "server"}


def fill(apps, schema_editor):
    columns = ", ".join(STATES)
    sums = ", ".join(f"SUM(CASE WHEN state = '{state}' THEN recipients ELSE 0 END)" for state in STATES)
    for part, value in PARTS.items():
        schema_editor.execute(
            f"INSERT INTO maillog_daypart (branch_id, part, day, value, {columns}, complaints) "
            f"SELECT branch_id, '{part}', day, {value}, {sums}, SUM(complaints) FROM maillog_daycount GROUP BY 1, 3, 4"
        )


class Migration(migrations.Migration):
    dependencies = [("maillog", "0004_day_parts")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
