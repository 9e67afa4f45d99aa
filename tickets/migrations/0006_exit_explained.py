from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0005_message_traces")]

    operations = [
        migrations.AlterField(
            model_name="report",
            name="exit",
            field=models.CharField(
                blank=True,
                choices=[
                    ("not_sent", "It was not sent"),
                    ("sending_suspended", "The e-mail function is suspended"),
                    ("still_trying", "Still being tried"),
                    ("answered", "The reply says why"),
                    ("explained", "What is known explains it"),
                    ("address_corrected", "The address was corrected"),
                    ("found_in_junk", "Found in junk"),
                    ("arrived", "It arrived meanwhile"),
                    ("abandoned", "Withdrawn"),
                    ("ticket", "A ticket was opened"),
                ],
                max_length=20,
            ),
        ),
    ]
