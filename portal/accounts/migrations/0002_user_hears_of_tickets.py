from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_person")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="hears_of_tickets",
            field=models.BooleanField(default=True, verbose_name="is mailed about new tickets"),
        ),
    ]
