"""The three large tables by the month on PostgreSQL. SQLite keeps them as they are.

What was unique without ``at`` becomes an index, since a partitioned table can keep nothing unique that does not hold
the column it is partitioned by; the one writer keeps it so. An event's fingerprint holds its time, so that it stays
unique. Rows that are there already go into the table of all other months (``…_other``).
"""

from django.db import migrations

TABLES = ("maillog_messagelog", "maillog_delivery", "maillog_deliveryevent")


def partition(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        for table in TABLES:
            _partition(cursor, table)


def _partition(cursor, table):
    old = f"{table}_before"
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique, indisprimary FROM pg_index "
        "WHERE indrelid = %s::regclass",
        [table],
    )
    indexes = cursor.fetchall()
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 'c')",
        [table],
    )
    constraints = cursor.fetchall()
    cursor.execute(f'ALTER TABLE "{table}" RENAME TO "{old}"')
    cursor.execute(f'CREATE TABLE "{table}" (LIKE "{old}" INCLUDING DEFAULTS) PARTITION BY RANGE (at)')
    cursor.execute(f'CREATE TABLE "{table}_other" PARTITION OF "{table}" DEFAULT')
    cursor.execute(f'INSERT INTO "{table}" SELECT * FROM "{old}"')
    cursor.execute(f'SELECT coalesce(max(id), 0) + 1 FROM "{old}"')
    first = cursor.fetchone()[0]
    cursor.execute(f'DROP TABLE "{old}"')
    cursor.execute(f'CREATE SEQUENCE "{table}_id_seq" AS bigint OWNED BY "{table}".id START {first}')
    cursor.execute(f"ALTER TABLE \"{table}\" ALTER COLUMN id SET DEFAULT nextval('{table}_id_seq')")
    cursor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY (id, at)')
    for name, definition, is_unique, is_primary in indexes:
        if is_primary or name.endswith("_like"):
            # Nobody searches for what a fingerprint begins with.
            continue
        if is_unique and "(fingerprint)" in definition:
            cursor.execute(f'CREATE UNIQUE INDEX {name} ON "{table}" (fingerprint, at)')
        else:
            cursor.execute(definition.replace("CREATE UNIQUE INDEX", "CREATE INDEX"))
    for name, definition in constraints:
        cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')


class Migration(migrations.Migration):
    dependencies = [("maillog", "0002_counts_and_rules")]

    operations = [migrations.RunPython(partition, migrations.RunPython.noop)]
