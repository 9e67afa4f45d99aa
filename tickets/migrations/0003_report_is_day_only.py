from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0002_report_delivery_unconstrained")]

    operations = [
        migrations.AlterField(
            model_name="report",
            name="around",
            field=models.DateTimeField(blank=True, help_text="When it was sent. Empty: not known.", null=True),
        ),
        migrations.AddField(
            model_name="report",
            name="is_day_only",
            field=models.BooleanField(default=False, help_text="Of ``around`` only the day is known."),
        ),
    ]
