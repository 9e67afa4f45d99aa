from django.db import migrations
from django.db.models import Exists, OuterRef


def say_what_entries_are_used_for(apps, schema_editor):
    """What was issued here and not seen published yet signs nothing; what was replaced signs nothing any more."""
    entry_model = apps.get_model("branches", "DKIMEntry")
    keys = apps.get_model("signing", "SigningKey").objects.filter(
        domain=OuterRef("domain"), selector=OuterRef("selector")
    )
    issued = keys.filter(state="issued").exclude(handed="")
    entry_model.objects.filter(Exists(issued)).update(use="issued")
    entry_model.objects.filter(Exists(keys.filter(state="retired"))).update(use="retired")


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0002_dkim_entry_use"),
        ("signing", "0001_signing_key"),
    ]

    operations = [migrations.RunPython(say_what_entries_are_used_for, migrations.RunPython.noop)]
