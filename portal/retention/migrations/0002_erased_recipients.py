from django.db import migrations

#: Places of a certificate whose rows told that something was sent.
TOLD = ("deliveries", "case-notes", "returned")


def remember(apps, schema_editor):
    """Of whom was taken out before, the certificate does not say by which branches they were known: by any."""
    Erasure = apps.get_model("retention", "Erasure")
    ErasedRecipient = apps.get_model("maillog", "ErasedRecipient")
    branches = list(apps.get_model("branches", "BranchProfile").objects.values_list("pk", flat=True))
    # The latest of an address last: what is there already is written over.
    done = Erasure.objects.filter(state="done", finished__isnull=False).order_by("finished")
    for erasure in done.iterator():
        if not any(erasure.results.get(place) for place in TOLD):
            continue
        rows = [ErasedRecipient(branch_id=branch, digest=erasure.digest, at=erasure.finished) for branch in branches]
        ErasedRecipient.objects.bulk_create(
            rows, batch_size=500, update_conflicts=True, update_fields=["at"], unique_fields=["digest", "branch"]
        )


class Migration(migrations.Migration):

    dependencies = [
        ("retention", "0001_pruning_and_erasure"),
        ("maillog", "0009_erased_recipient"),
    ]

    operations = [migrations.RunPython(remember, migrations.RunPython.noop)]
