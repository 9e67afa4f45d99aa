from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("returned", "0002_reported_by")]

    operations = [
        migrations.AddIndex(
            model_name="returnedrecipient",
            index=models.Index(
                fields=["original_normal", "-id"],
                name="returned_to_address",
                condition=models.Q(("original_normal", ""), _negated=True),
            ),
        ),
    ]
