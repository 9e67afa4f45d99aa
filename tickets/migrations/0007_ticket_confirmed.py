from django.db import migrations, models

CONFIRMED = models.Q(("cause", ""), _negated=True)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0006_exit_explained")]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["recipient", "-created", "-id"], name="ticket_confirmed", condition=CONFIRMED
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["recipient_domain", "-created", "-id"],
                name="ticket_confirmed_at_domain",
                condition=CONFIRMED,
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["branch", "-created", "-id"], name="ticket_confirmed_of_branch", condition=CONFIRMED
            ),
        ),
    ]
