from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_report_is_day_only")]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["recipient"], name="ticket_recipient_begins", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["recipient_domain"], name="ticket_domain_begins", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
