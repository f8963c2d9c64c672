from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0003_memory_short')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='Reservation',
            name='process',
            field=fields.CharField(max_length=32),
        ),
    ]
